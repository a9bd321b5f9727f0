import { ENDPOINT } from "./facts.js";
import { createTelemetry } from "./telemetry.js";

/** Carries reports, and tries again with those that do not arrive: `reports.send(events)`. */
export function createCarrier({ scope, reports }) {
  const telemetry = createTelemetry({
    endpoint: ENDPOINT,
    token: () => reports.session,
    consent: () => reports.consent,
    fetch: window.fetch.bind(window),
    navigator,
  });
  reports.send = telemetry.send;
  scope.on(document, "visibilitychange", () => document.hidden && telemetry.flush());
  scope.on(window, "pagehide", telemetry.flush);
}
