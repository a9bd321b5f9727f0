import { clock } from "../../shared/clock.js";
import { all, make, one } from "../../shared/dom.js";
import { say } from "../../shared/words.js";
import { icon } from "../icons.js";
import { copy, embedOf, linkOf } from "../sharing.js";
import { currentTrack, isSold } from "../store.js";

/**
 * What else can be done with a beat, in a dialog: its "…" button, the context menu of its row, or the menu key
 * opens it. Answers the wish `menu`.
 */
export function menu({ root, scope, store, config, ask, answer, words }) {
  const title = make("h2", { id: "menu-title" });
  const close = make("button", { class: "quiet", "aria-label": words.close }, icon("close"));
  const list = make("div", { class: "items" });
  const dialog = make(
    "dialog",
    { class: "menu", "aria-labelledby": "menu-title" },
    make("form", { method: "dialog" }, title, close),
    list,
  );
  let opener;
  root.append(dialog);

  const button = (track) =>
    make(
      "button",
      { class: "quiet more", "data-ask": "menu", "aria-label": say(words.more, track), "aria-haspopup": "dialog" },
      icon("more"),
    );
  for (const row of all(root, "li[data-track]")) row.append(button(currentTrack(store.get(), row.dataset.track)));
  const head = button(currentTrack(store.get()));
  one(root, ".time").append(head);
  store.follow(["trackId"], (state) => {
    head.ariaLabel = say(words.more, currentTrack(state));
  });

  async function put(text) {
    const isCopied = await copy(text);
    dialog.close();
    if (isCopied) ask("mention", { text: words.copied });
    else store.set({ notice: { text: `${words.copy_this} ${text}` } });
  }

  function items(track) {
    const { tracks, trackId, time, loop, isShuffled } = store.get();
    const isCurrent = track.id === trackId;
    const item = (text, act, attributes = {}) => {
      const made = make("button", { text, ...attributes });
      made.addEventListener("click", act);
      return made;
    };
    const closing = (act) => () => {
      dialog.close();
      act();
    };
    const found = [];
    if (track.chosen && config.buy && !isSold(store.get(), track.id)) {
      found.push(item(words.license_options, closing(() => ask("license", { trackId: track.id, opener }))));
    }
    if (!isCurrent && !isSold(store.get(), track.id)) {
      found.push(item(words.play_next, closing(() => ask("enqueue", { trackId: track.id }))));
    }
    found.push(item(words.copy_link, () => put(linkOf(track, config.k))));
    if (isCurrent && time >= 1) {
      found.push(item(say(words.copy_link_at, { at: clock(time) }), () => put(linkOf(track, config.k, time))));
    }
    found.push(item(words.copy_embed, () => put(embedOf(track, config.k))));
    found.push(item(words[`loop_${loop}`], () => ask("loop"), { "data-loop": "" }));
    if (tracks.length > 2) {
      found.push(
        item(words.shuffle, () => ask("shuffle"), { "data-shuffle": "", "aria-pressed": String(Boolean(isShuffled)) }),
      );
    }
    return found;
  }

  answer({
    menu: ({ trackId, opener: from }) => {
      const track = currentTrack(store.get(), trackId);
      opener = from;
      title.textContent = track.title;
      list.replaceChildren(...items(track));
      if (!dialog.open) dialog.showModal();
    },
  });
  store.follow(["loop", "isShuffled"], ({ loop, isShuffled }) => {
    const looping = one(list, "[data-loop]");
    if (looping) looping.textContent = words[`loop_${loop}`];
    const shuffling = one(list, "[data-shuffle]");
    if (shuffling) shuffling.ariaPressed = String(Boolean(isShuffled));
  });
  scope.on(root, "contextmenu", (event) => {
    if (event.target.closest("dialog, a, .notice")) return;
    event.preventDefault();
    const row = event.target.closest("[data-track]");
    ask("menu", { trackId: row?.dataset.track, opener: one(row ?? root, ".cue, .play") });
  });
  scope.on(dialog, "click", ({ target }) => target === dialog && dialog.close());
  scope.on(dialog, "close", () => opener?.focus());
}
