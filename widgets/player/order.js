import { say } from "../shared/words.js";
import { currentTrack } from "./store.js";

const LOOPS = ["off", "all", "one"];
const SHOWN = 4000; // ms

/** Which beat follows: the wishes `enqueue` (play next), `loop` (off, all, one in turn) and `shuffle`. */
export function order({ scope, store, answer, words }) {
  const ids = () => store.get().tracks.map(({ id }) => id);
  let timer;

  /** Tell the listener something that passes. */
  function mention(text) {
    const notice = { text };
    store.set({ notice });
    clearTimeout(timer);
    timer = setTimeout(() => store.get().notice === notice && store.set({ notice: { text: "" } }), SHOWN);
  }
  scope.add(() => clearTimeout(timer));

  answer({
    mention: ({ text }) => mention(text),
    enqueue: ({ trackId }) => {
      store.set({ queue: [...store.get().queue.filter((id) => id !== trackId), trackId] });
      mention(say(words.queued, currentTrack(store.get(), trackId)));
    },
    loop: ({ loop = LOOPS[(LOOPS.indexOf(store.get().loop) + 1) % LOOPS.length] }) => store.set({ loop }),
    shuffle: ({ isShuffled = !store.get().isShuffled }) => {
      const { trackId } = store.get();
      const rest = ids().filter((id) => id !== trackId);
      store.set({ isShuffled, order: isShuffled ? [trackId, ...shuffled(rest)] : ids() });
    },
  });
}

/** Every order is as likely as any other (Fisher and Yates). */
export function shuffled(items, random = Math.random) {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}
