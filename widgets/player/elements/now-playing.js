import { make, one } from "../../shared/dom.js";
import { coverUrl } from "../config.js";
import { wish } from "../requests.js";
import { currentTrack } from "../store.js";

/** Title, producer, chips and artwork of the loaded track, and the way to its neighbors. */
export function nowPlaying({ root, scope, store }) {
  const title = one(root, ".what h1");
  const producer = one(root, ".by a");
  const chips = one(root, ".chips");
  const art = one(root, ".art");
  for (const button of root.querySelectorAll("[data-skip]")) {
    scope.on(button, "click", () => wish(button, "skip", { step: Number(button.dataset.skip) }));
  }
  store.follow(["trackId"], (state, before) => {
    if (state.trackId === before.trackId) return;
    const track = currentTrack(state);
    title.textContent = track.title;
    producer.textContent = track.producer;
    producer.href = `/p/${track.by}`;
    chips.replaceChildren(...track.chips.map((text) => make("span", { text })));
    if (!art) return;
    art.classList.toggle("none", !track.cover);
    art.replaceChildren(
      ...(track.cover ? [make("img", { src: coverUrl(track), width: 96, height: 96, alt: "" })] : []),
    );
  });
}
