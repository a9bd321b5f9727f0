import { all, one } from "../../shared/dom.js";
import { currentTrack, isSold } from "../store.js";
import { showPrice } from "./buy-link.js";

/** The rows of tracks that have been sold meanwhile say so, and neither play nor sell. */
export function soldRows({ root, store, config }) {
  store.follow(["sold"], (state, before) => {
    for (const row of all(root, "[data-track]")) {
      const id = row.dataset.track;
      if (!isSold(state, id) || (state !== before && isSold(before, id))) continue;
      row.classList.add("sold");
      one(row, ".cue").disabled = true;
      const link = one(row, ".buy");
      if (link) showPrice(link, currentTrack(state, id), { isSold: true, config });
    }
  });
}
