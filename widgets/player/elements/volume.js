import { one } from "../../shared/dom.js";
import { wish } from "../requests.js";

/** Mute and loudness; gone where the hardware alone decides (iOS). */
export function volumeControl({ root, scope, store, media }) {
  const box = one(root, ".volume");
  const mute = one(box, "button");
  const slider = one(box, "input");
  slider.hidden = !media.canSetVolume();
  scope.on(mute, "click", () => wish(mute, "mute"));
  scope.on(slider, "input", () => wish(slider, "volume", { value: slider.valueAsNumber }));
  store.follow(["volume", "muted"], ({ volume, muted }) => {
    const isSilent = muted || volume === 0;
    slider.value = isSilent ? 0 : volume;
    slider.ariaValueText = isSilent ? "Muted" : `${Math.round(volume * 100)} percent`;
    mute.ariaLabel = isSilent ? "Unmute" : "Mute";
    box.toggleAttribute("data-muted", isSilent);
  });
}
