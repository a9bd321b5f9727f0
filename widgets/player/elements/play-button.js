import { one } from "../../shared/dom.js";
import { wish } from "../requests.js";
import { currentTrack, isGoing, isSold } from "../store.js";

/** One control whose label says what pressing it does. */
export function playButton({ root, scope, store }) {
  const button = one(root, ".play");
  scope.on(button, "click", () => wish(button, "toggle"));
  store.follow(["paused", "waiting", "trackId", "sold"], (state) => {
    root.toggleAttribute("data-playing", isGoing(state));
    root.toggleAttribute("data-waiting", state.waiting);
    button.ariaLabel = `${isGoing(state) ? "Pause" : "Play"} ${currentTrack(state).title}`;
    button.disabled = isSold(state);
  });
}
