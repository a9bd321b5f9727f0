import { all, one } from "../../shared/dom.js";
import { wish } from "../requests.js";
import { isGoing, isSold } from "../store.js";
import { buyLink } from "./buy-link.js";

/** The list: each row plays its track, and says when it was sold meanwhile. */
export function lineup({ root, scope, store }) {
  const rows = all(root, "[data-track]");
  for (const row of rows) {
    scope.on(one(row, ".cue"), "click", (event) =>
      wish(event.currentTarget, "toggle", { trackId: row.dataset.track }),
    );
  }
  store.follow(["trackId", "paused", "waiting", "sold"], (state, before) => {
    for (const row of rows) {
      const track = state.tracks.find((candidate) => candidate.id === row.dataset.track);
      const isCurrent = track.id === state.trackId;
      row.classList.toggle("on", isCurrent);
      row.classList.toggle("sold", isSold(state, track.id));
      row.ariaCurrent = isCurrent ? "true" : null;
      const cue = one(row, ".cue");
      cue.disabled = isSold(state, track.id);
      cue.ariaLabel = `${isCurrent && isGoing(state) ? "Pause" : "Play"} ${track.title} by ${track.producer}`;
      if (isCurrent && state.trackId !== before.trackId) row.scrollIntoView({ block: "nearest" });
    }
  });
  store.follow(["sold"], ({ sold }) => {
    for (const row of rows.filter((candidate) => sold.includes(candidate.dataset.track))) {
      one(row, ".buy")?.replaceWith(buyLink({}, { sold: true }));
    }
  });
}
