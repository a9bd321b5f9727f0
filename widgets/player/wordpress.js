/**
 * WordPress shows a player it does not know in a sandbox without popups, and gives it a secret in the fragment of
 * its address. Three plain messages carry it: our `height` (held to 200 to 1000 there), a `link` that the
 * page follows when its host is ours, and the page's `ready`, after which the height is told again.
 */
export function createWordPress() {
  const secret = /secret=(\w+)/.exec(location.hash)?.[1];
  const say = (message, value) => secret && parent.postMessage({ message, value, secret }, "*");
  return {
    secret,
    grow: (height) => say("height", height),
    link: (address) => say("link", address),
    /** Whether a message of our parent was WordPress's. */
    hear({ data }, height) {
      if (typeof data !== "object" || data === null || data.context === "player.js") return false;
      if (secret && data.message === "ready" && data.secret === secret) say("height", height());
      return true;
    },
  };
}
