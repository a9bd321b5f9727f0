import { isGoing } from "./store.js";

/**
 * Wishes, flowing up: an element asks with a bubbling `wish` event, this table answers, and nobody else
 * touches the media. What a wish achieves is seen in the store.
 */
export function wish(element, type, detail) {
  element.dispatchEvent(new CustomEvent("wish", { bubbles: true, detail: { type, ...detail } }));
}

/** `play pause toggle seek nudge load skip volume mute theme license`, as the bridge and the keyboard ask too. */
export function answerWishes({ root, scope, store, media }) {
  const table = {
    play: ({ trackId }) => {
      if (trackId && !media.load(trackId)) return;
      media.play();
    },
    pause: () => media.pause(),
    toggle: ({ trackId }) => {
      if (!trackId || trackId === store.get().trackId) media.toggle();
      else table.play({ trackId });
    },
    seek: ({ seconds }) => media.seek(seconds),
    nudge: ({ seconds }) => media.seek(store.get().time + seconds),
    load: ({ trackId }) => {
      const wasGoing = isGoing(store.get());
      if (media.load(trackId) && wasGoing) media.play();
    },
    skip: ({ step }) => media.next(step, { andPlay: isGoing(store.get()) }),
    volume: ({ value }) => media.volume(value),
    mute: ({ muted = !store.get().muted }) => media.mute(muted),
    theme: ({ theme }) => store.set({ theme }),
    license: ({ trackId }) => store.set({ licensing: trackId }),
  };
  const ask = (type, detail = {}) => Object.hasOwn(table, type) && table[type](detail);
  scope.on(root, "wish", ({ detail }) => ask(detail.type, detail));
  return ask;
}
