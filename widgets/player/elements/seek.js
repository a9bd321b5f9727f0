import { clock, clockInWords } from "../../shared/clock.js";
import { one } from "../../shared/dom.js";
import { wish } from "../requests.js";

const STEPS = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5, PageUp: 15, PageDown: -15 };

/** A native slider over the waveform, with the two clocks beside it. Time passing is not announced. */
export function seekSlider({ root, scope, store }) {
  const slider = one(root, ".seek");
  const at = one(root, ".at");
  const of = one(root, ".of");
  let isHeld = false;

  const say = (seconds) => {
    slider.ariaValueText = `${clockInWords(seconds)} of ${clockInWords(store.get().duration)}`;
  };
  scope.on(slider, "pointerdown", () => {
    isHeld = true;
  });
  for (const type of ["pointerup", "pointercancel", "change", "blur"]) {
    scope.on(slider, type, () => {
      isHeld = false;
    });
  }
  scope.on(slider, "input", () => {
    say(slider.valueAsNumber);
    wish(slider, "seek", { seconds: slider.valueAsNumber });
  });
  scope.on(slider, "focus", () => say(store.get().time));
  scope.on(slider, "keydown", (event) => {
    if (!Object.hasOwn(STEPS, event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    wish(slider, "nudge", { seconds: STEPS[event.key] });
    say(store.get().time);
  });
  store.follow(["time", "duration", "trackId"], ({ time, duration, trackId }, before) => {
    if (Number(slider.max) !== duration) slider.max = duration;
    if (!isHeld) slider.value = time;
    at.textContent = clock(time);
    of.textContent = clock(duration);
    if (trackId !== before.trackId || !slider.ariaValueText) say(time);
  });
}
