import { say } from "../../shared/words.js";
import { buyUrl } from "../config.js";

/** The price that opens the licenses of a track, or the word that says why there is none. */
export function showPrice(link, track, { isSold, config: { k, words } }) {
  const isOffered = track.chosen && !isSold;
  link.classList.toggle("sold", !isOffered);
  link.textContent = isOffered ? track.from : isSold ? words.sold : words.unoffered;
  link.ariaLabel = isOffered ? say(words.license, { title: track.title, price: track.from }) : null;
  if (isOffered) link.href = buyUrl(track, track.chosen, { k });
  else link.removeAttribute("href");
}
