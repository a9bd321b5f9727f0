import { clock } from "../../shared/clock.js";
import { one } from "../../shared/dom.js";

/** A native slider over the waveform, with the two clocks beside it. */
export function seekSlider({ root, scope, store, ask }) {
  const slider = one(root, ".seek");
  let isHeld = false;
  for (const type of ["pointerdown", "pointerup", "pointercancel", "change", "blur"]) {
    scope.on(slider, type, () => {
      isHeld = type === "pointerdown";
    });
  }
  scope.on(slider, "input", () => ask("seek", { seconds: slider.valueAsNumber }));
  store.follow(["time", "duration"], ({ time, duration }) => {
    if (Number(slider.max) !== duration) slider.max = duration;
    if (!isHeld) slider.value = time;
    one(root, ".at").textContent = clock(time);
    one(root, ".of").textContent = clock(duration);
  });
}
