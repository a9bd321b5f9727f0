import { readConfig } from "./config.js";

/**
 * A new look at our own document: a fresh session token, and which tracks have been sold since.
 * The wish `renew` resolves to whether it was reached.
 */
export function createRenewal({ store, answer, fetch = window.fetch.bind(window) }) {
  answer({
    renew: async () => {
      try {
        const reply = await fetch(location.href, { credentials: "omit", cache: "no-store" });
        if (!reply.ok) return false;
        const page = new DOMParser().parseFromString(await reply.text(), "text/html");
        const fresh = readConfig(page);
        const offered = fresh.tracks.filter((track) => !track.sold).map((track) => track.id);
        const sold = store.get().tracks.map((track) => track.id).filter((id) => !offered.includes(id));
        store.set({ token: fresh.token, sold });
        return true;
      } catch {
        return false;
      }
    },
  });
}
