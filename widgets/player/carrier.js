import { ENDPOINT } from "./listening.js";
import { createTelemetry } from "./telemetry.js";

/** From now on reports that do not arrive are tried again, beginning with those that did not so far. */
export function createCarrier({ scope, reports }) {
  const telemetry = createTelemetry({
    endpoint: ENDPOINT,
    token: () => reports.session,
    fetch: window.fetch.bind(window),
    navigator,
  });
  reports.send = telemetry.send;
  telemetry.send(reports.unsent.splice(0));
  scope.on(document, "visibilitychange", () => document.hidden && telemetry.flush());
  scope.on(window, "pagehide", telemetry.flush);
}
