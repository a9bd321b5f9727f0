export const ENDPOINT = "/api/v1/listens";
const AN_IMPRESSION = 1000; // ms that half of the player is in view

/**
 * What happened to the sound, for whoever listens: `parts.tell(fact, …)`. Until the late script brings the first
 * hearer (`listening.js`), facts wait with their times in `parts.facts`.
 *
 * That the player was seen is such a fact; when the page is left before anything was touched, it is reported
 * from here.
 */
export function createFacts(parts) {
  const { root, scope, store } = parts;
  const hearers = [];
  const facts = [];
  parts.facts = facts;
  parts.reports = { session: store.get().token };
  parts.hear = (hearer) => hearers.push(hearer);
  parts.tell = (...fact) => {
    if (hearers[0]) for (const hearer of hearers) hearer(...fact);
    else facts.push([performance.now(), ...fact]);
  };

  let waiting;
  const views = new IntersectionObserver(
    ([{ intersectionRatio }]) => {
      clearTimeout(waiting);
      if (intersectionRatio < 0.5) return;
      waiting = setTimeout(() => {
        parts.tell("seen");
        views.disconnect();
      }, AN_IMPRESSION);
    },
    { threshold: 0.5 },
  );
  views.observe(root);

  const leave = () => {
    if (facts[0]?.[1] !== "seen") return;
    const e = [{ p: crypto.randomUUID(), n: 0, k: "i", at: Math.round(facts.shift()[0]) }];
    const body = JSON.stringify({ v: 1, s: store.get().token, e });
    void fetch(ENDPOINT, { method: "POST", body, keepalive: true, credentials: "omit" });
  };
  scope.on(document, "visibilitychange", () => document.hidden && leave());
  scope.on(window, "pagehide", leave);
}
