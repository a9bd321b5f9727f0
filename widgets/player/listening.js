import { createListenMeter } from "./listen-meter.js";

const HEARTBEAT = 10_000;
const CAN_WAIT = ["tick", "seen", "licenses", "added"]; // they go along with the next report

/**
 * What was heard, reported from this frame to its own host: at once when something starts, stops or
 * jumps, every ten seconds in between, and when the page goes away. The facts that waited are told first,
 * with their own times. The server decides what counts.
 *
 * A play is told under the session that its sound was fetched with, also when the page has another
 * token by now: the server asks whether that session was sent the bytes.
 */
export function createListening({ scope, store, hear, facts, reports }) {
  let then;
  const meter = createListenMeter({ now: () => then ?? performance.now() });
  const report = () => reports.send(meter.take());
  const told = (fact, ...details) => {
    meter[fact](...details);
    if (!CAN_WAIT.includes(fact)) report();
    if (fact === "started") reports.session = store.get().token;
  };

  store.follow(["muted", "volume"], ({ muted, volume }) => meter.audible(!muted && volume > 0));
  for (const [at, ...fact] of facts.splice(0)) {
    then = at;
    told(...fact);
  }
  then = undefined;
  hear(told);

  const timer = setInterval(() => store.get().paused || report(), HEARTBEAT);
  scope.add(() => clearInterval(timer));
  scope.on(document, "visibilitychange", () => document.hidden && report());
  scope.on(window, "pagehide", report);
}
