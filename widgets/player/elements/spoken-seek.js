import { one } from "../../shared/dom.js";
import { clockInWords } from "../../shared/clock.js";
import { say } from "../../shared/words.js";

const STEPS = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5, PageUp: 15, PageDown: -15 };

/** The slider for ears and keys: where it is, in words, when the listener moves it; time passing is not announced. */
export function spokenSeek({ root, scope, store, ask, answer, words }) {
  const slider = one(root, ".seek");
  const { lang } = document.documentElement;
  const speak = (seconds = store.get().time) => {
    const { duration } = store.get();
    slider.ariaValueText = say(words.position, {
      at: clockInWords(seconds, lang),
      length: clockInWords(duration, lang),
    });
  };
  answer({ nudge: ({ seconds }) => ask("seek", { seconds: store.get().time + seconds }) });
  scope.on(slider, "input", () => speak(slider.valueAsNumber));
  scope.on(slider, "focus", () => speak());
  scope.on(slider, "keydown", (event) => {
    if (!Object.hasOwn(STEPS, event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    ask("nudge", { seconds: STEPS[event.key] });
    speak();
  });
  store.follow(["trackId", "duration"], () => speak());
}
