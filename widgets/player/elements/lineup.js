import { all, one } from "../../shared/dom.js";
import { say } from "../../shared/words.js";
import { currentTrack, isGoing } from "../store.js";

/** The list: which row is the loaded one, and what pressing each does. */
export function lineup({ root, store, words }) {
  const rows = all(root, "[data-track]");
  store.follow(["trackId", "paused", "waiting"], (state, before) => {
    for (const row of rows) {
      const id = row.dataset.track;
      const isCurrent = id === state.trackId;
      if (!isCurrent && id !== before.trackId) continue;
      row.classList.toggle("on", isCurrent);
      row.ariaCurrent = isCurrent ? "true" : null;
      const label = isCurrent && isGoing(state) ? words.pause_by : words.play_by;
      one(row, ".cue").ariaLabel = say(label, currentTrack(state, id));
      if (isCurrent && state.trackId !== before.trackId) row.scrollIntoView({ block: "nearest" });
    }
  });
}
