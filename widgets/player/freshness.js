import { readConfig } from "./config.js";

/**
 * A new look at our own document: a fresh session token, and which tracks have been sold since.
 * Resolves to whether it was reached.
 */
export function createRenewal({ store, fetch = window.fetch.bind(window) }) {
  return async function renew() {
    try {
      const answer = await fetch(location.href, { credentials: "omit", cache: "no-store" });
      if (!answer.ok) return false;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = readConfig(page);
      const offered = fresh.tracks.filter((track) => !track.sold).map((track) => track.id);
      const sold = store.get().tracks.map((track) => track.id).filter((id) => !offered.includes(id));
      store.set({ token: fresh.token, sold });
      return true;
    } catch {
      return false;
    }
  };
}
