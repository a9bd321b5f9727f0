import { one } from "../../shared/dom.js";
import { say } from "../../shared/words.js";
import { currentTrack, isGoing, isSold } from "../store.js";

/** One control whose label says what pressing it does. */
export function playButton({ root, store, words }) {
  const button = one(root, ".play");
  store.follow(["paused", "waiting", "trackId", "sold", "refused"], (state) => {
    root.toggleAttribute("data-playing", isGoing(state));
    root.toggleAttribute("data-waiting", state.waiting);
    root.toggleAttribute("data-refused", Boolean(state.refused));
    button.ariaLabel = say(isGoing(state) ? words.pause : words.play, currentTrack(state));
    button.disabled = isSold(state);
  });
}
