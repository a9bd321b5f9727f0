/**
 * Flexapp's loader: <beat-player app="app_…" key="…"> and containers with data-beat-player.
 *
 * Built into one file without dependencies and with one global (`BeatPlayer`). The contract is
 * embed/PROTOCOL.md; whatever goes wrong here never reaches the page.
 */
import { attempt } from "./attempt.js";
import { find, mount } from "./containers.js";
import { defineElement, TAG } from "./element.js";
import { consent, off, on, players } from "./players.js";

const VERSION = "1.2.0";
const earlier = self.BeatPlayer;

function start() {
  const api = {
    version: VERSION,
    /** Every player of the page. */
    all: () => [...players.keys()],
    mount,
    on,
    off,
    consent,
    pauseAll: () => players.forEach((life) => life.pause()),
    /** Functions pushed before or after the loader came run with `BeatPlayer`. */
    q: { push: (...jobs) => jobs.forEach((job) => attempt(() => job(api))) },
  };
  self.BeatPlayer = api;
  if (!customElements.get(TAG)) defineElement();
  const begin = () => {
    find(document);
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) addedNodes.forEach(find);
    }).observe(document, { childList: true, subtree: true });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
  api.q.push(...(earlier?.q || []));
}

if (!earlier?.version) attempt(start);
