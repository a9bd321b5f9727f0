/** Work on audio, kept fresh: asks every two seconds while something is at work and the page is seen. */

import { all, one } from "../shared/dom.js";

const EVERY = 2000;

export function startTrackStates(root) {
  if (!one(root, "[data-track-state][data-working]")) return;
  const ask = async () => {
    const working = all(root, "[data-track-state][data-working]");
    if (!working.length) return;
    if (!document.hidden) {
      const ids = working.map((element) => element.dataset.trackState).join(",");
      try {
        const answer = await fetch(`/producer-dashboard/tracks/states.json?ids=${ids}`, {
          headers: { Accept: "application/json" },
        });
        if (answer.ok) show(working, (await answer.json()).tracks);
      } catch {
        // The next round asks again.
      }
    }
    window.setTimeout(ask, EVERY);
  };
  window.setTimeout(ask, EVERY);
}

function show(working, tracks) {
  const states = new Map(tracks.map((track) => [track.id, track]));
  for (const element of working) {
    const state = states.get(element.dataset.trackState);
    if (!state) continue;
    if (state.processing === "ready" || state.processing === "failed") {
      if (!isEditing()) {
        window.location.reload();
        return;
      }
      element.removeAttribute("data-working");
    }
    const bar = one(element, "progress");
    if (bar) bar.value = state.percent;
    const step = one(element, "[data-step]");
    if (step && state.step) step.textContent = state.step[0].toUpperCase() + state.step.slice(1);
  }
}

/** A reload must not take away what somebody is writing or sending. */
function isEditing() {
  const dirty = all(document, "form input, form textarea, form select").some(
    (field) => field.type !== "hidden" && field.value !== field.defaultValue && field.defaultValue !== undefined,
  );
  return dirty || Boolean(one(document, ".upload:not([data-done], [data-failed])"));
}
