import { createListenMeter } from "./listen-meter.js";

export const ENDPOINT = "/api/v1/listens";
const HEARTBEAT = 10_000;
const AN_IMPRESSION = 1000; // ms that half of the player is in view

/**
 * What was heard, reported from this frame to its own host: at once when something starts, stops or
 * jumps, every ten seconds in between, and when the page goes away. That the player was seen rides with the
 * next report, or leaves with the page. The server decides what counts.
 *
 * A play is told under the session that its sound was fetched with, also when the page has another
 * token by now: the server asks whether that session was sent the bytes.
 *
 * Returns `tell(fact, ...details)`: a fact of the listen meter's, such as `tell("paused", 12.3)`. Until the late
 * script brings a carrier that tries again (`reports.send`), what does not arrive waits in `reports.unsent`.
 */
export function createListening(parts) {
  const { root, scope, store } = parts;
  const meter = createListenMeter({ now: () => performance.now() });
  const unsent = [];
  const reports = {
    session: store.get().token,
    unsent,
    send: (e) =>
      e[0] &&
      fetch(ENDPOINT, {
        method: "POST",
        body: JSON.stringify({ v: 1, s: reports.session, e }),
        keepalive: true,
        credentials: "omit",
      }).then(
        ({ ok }) => ok || unsent.push(...e),
        () => unsent.push(...e),
      ),
  };
  parts.reports = reports;
  const report = () => void reports.send(meter.take());

  const timer = setInterval(() => store.get().paused || report(), HEARTBEAT);
  scope.add(() => clearInterval(timer));
  scope.on(document, "visibilitychange", () => document.hidden && report());
  scope.on(window, "pagehide", report);
  store.follow(["muted", "volume"], ({ muted, volume }) => meter.audible(!muted && volume > 0));

  let waiting;
  const views = new IntersectionObserver(
    ([{ intersectionRatio }]) => {
      clearTimeout(waiting);
      if (intersectionRatio >= 0.5) waiting = setTimeout(meter.seen, AN_IMPRESSION);
    },
    { threshold: 0.5 },
  );
  views.observe(root);
  scope.add(() => views.disconnect());

  return (fact, ...details) => {
    meter[fact](...details);
    if (fact !== "tick") report();
    if (fact === "started") reports.session = store.get().token;
  };
}
