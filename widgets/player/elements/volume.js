import { make, one } from "../../shared/dom.js";
import { say } from "../../shared/words.js";
import { icon } from "../icons.js";

/** Mute and loudness; the latter is gone where the hardware alone decides (iOS). */
export function volumeControl({ root, scope, store, ask, words }) {
  const box = one(root, ".volume");
  if (!box) return;
  const mute = make("button", { class: "quiet", "data-ask": "mute" }, icon("speaker"));
  const slider = make("input", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": words.volume });
  const before = store.get().volume;
  box.append(mute);
  if (ask("volume", { value: before === 0.5 ? 0.6 : 0.5 })) box.append(slider);
  ask("volume", { value: before });
  scope.on(slider, "input", () => ask("volume", { value: slider.valueAsNumber }));
  store.follow(["volume", "muted"], ({ volume, muted }) => {
    const isSilent = muted || volume === 0;
    slider.value = isSilent ? 0 : volume;
    slider.ariaValueText = isSilent ? words.muted : say(words.percent, { value: Math.round(volume * 100) });
    mute.ariaLabel = isSilent ? words.unmute : words.mute;
    box.toggleAttribute("data-muted", isSilent);
  });
}
