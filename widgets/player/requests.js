import { isGoing } from "./store.js";

/**
 * Wishes, flowing up: `ask(type, detail)` is the one way to want something, and what a wish achieves is seen
 * in the store. The core answers `play pause toggle seek load skip volume mute`; late parts add theirs
 * with `answer`. A wish that nobody answers yet waits for them. Controls ask by their attributes:
 * `data-ask`, `data-step`, and `data-track` at or above them.
 */
export function answerWishes(parts) {
  const { root, scope, store, need } = parts;
  const table = { __proto__: null };
  let isPlain = false;
  parts.answer = (answers) => Object.assign(table, answers);
  parts.ask = (type, detail = {}) =>
    type in table ? table[type](detail) : need().then((isHere) => isHere && table[type]?.(detail));

  parts.answer({
    toggle: ({ trackId = store.get().trackId }) =>
      trackId === store.get().trackId && isGoing(store.get()) ? parts.ask("pause") : parts.ask("play", { trackId }),
    load: ({ trackId }) => parts.ask(isGoing(store.get()) ? "play" : "show", { trackId }),
  });

  scope.on(root, "click", (event) => {
    const control = event.target.closest("[data-ask]");
    if (!control || isPlain || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { ask: type, step } = control.dataset;
    const trackId = control.closest("[data-track]")?.dataset.track;
    const answer = parts.ask(type, { step: Number(step), trackId, opener: control });
    if (!control.href) return;
    event.preventDefault();
    // The late script did not come: the link does what it says, while the tap is still one.
    void Promise.resolve(answer).then((done) => {
      if (done !== false) return;
      isPlain = true;
      control.click();
      isPlain = false;
    });
  });
}
