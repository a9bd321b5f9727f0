import { createListenMeter } from "./listen-meter.js";
import { createTelemetry } from "./telemetry.js";

const ENDPOINT = "/api/v1/listens";
const HEARTBEAT = 10_000;
const AN_IMPRESSION = 1000; // ms that half of the player is in view

/**
 * What was heard, reported from this frame to its own host: at once when something starts, stops or
 * jumps, every ten seconds in between, and when the page goes away. The server decides what counts.
 *
 * A play is told under the session that its sound was fetched with, also when the page has another
 * token by now: the server asks whether that session was sent the bytes.
 *
 * Returns `tell(fact, ...details)`: a fact of the listen meter's, such as `tell("paused", 12.3)`.
 */
export function createListening({ root, scope, store }) {
  let session = store.get().token;
  const meter = createListenMeter({ now: () => performance.now() });
  const telemetry = createTelemetry({
    endpoint: ENDPOINT,
    token: () => session,
    fetch: window.fetch.bind(window),
    navigator,
  });
  const report = () => telemetry.send(meter.take());
  const tell = (fact, ...details) => {
    meter[fact](...details);
    if (fact !== "tick") report();
    if (fact === "started") session = store.get().token;
  };

  const timer = setInterval(() => store.get().paused || report(), HEARTBEAT);
  scope.add(() => clearInterval(timer));
  const leave = () => {
    report();
    telemetry.flush();
  };
  scope.on(document, "visibilitychange", () => document.hidden && leave());
  scope.on(window, "pagehide", leave);
  store.follow(["muted", "volume"], ({ muted, volume }) => meter.audible(!muted && volume > 0));

  let waiting;
  const views = new IntersectionObserver(
    ([{ intersectionRatio }]) => {
      clearTimeout(waiting);
      if (intersectionRatio < 0.5) return;
      waiting = setTimeout(() => {
        tell("seen");
        views.disconnect();
      }, AN_IMPRESSION);
    },
    { threshold: 0.5 },
  );
  views.observe(root);
  return tell;
}
