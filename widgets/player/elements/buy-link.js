import { make } from "../../shared/dom.js";
import { buyUrl } from "../config.js";

/** The price that opens the licenses of a track, or the word that says why there is none. */
export function buyLink(track, { sold, k }) {
  if (sold) return make("span", { class: "buy sold", text: "Sold" });
  if (!track.chosen) return make("span", { class: "buy sold", text: "Not for sale" });
  return make("a", {
    class: "buy",
    href: buyUrl(track, track.chosen, { k }),
    target: "_blank",
    rel: "noopener",
    "data-buy": track.id,
    "aria-label": `License ${track.title}, ${track.from}`,
    text: track.from,
  });
}
