import { make, one } from "../../shared/dom.js";
import { coverUrl } from "../config.js";
import { currentTrack, isSold } from "../store.js";
import { showPrice } from "./buy-link.js";

/** Title, producer, chips, artwork and price of the loaded track. */
export function nowPlaying({ root, store, config }) {
  const now = one(root, ".now");
  const link = one(now, ".buy");
  const art = one(now, ".art");
  store.follow(["trackId", "sold"], (state, before) => {
    if (state === before) return;
    const track = currentTrack(state);
    if (link) showPrice(link, track, { isSold: isSold(state), config });
    if (state.trackId === before.trackId) return;
    one(now, "h1").textContent = track.title;
    const producer = one(now, ".by a");
    producer.textContent = track.producer;
    producer.href = `/p/${track.by}`;
    one(now, ".chips").replaceChildren(...track.chips.map((text) => make("span", { text })));
    if (!art) return;
    art.classList.toggle("none", !track.cover);
    art.replaceChildren(
      ...(track.cover ? [make("img", { src: coverUrl(track), width: 96, height: 96, alt: "" })] : []),
    );
  });
}
