/** Play buttons of the dashboard: one sound at a time, the button says what it will do. */

import { all, one } from "../shared/dom.js";

export function startAuditions(root) {
  if (!one(root, "[data-audition]")) return;
  const audio = new Audio();
  let current = null;
  const paint = (button, isPlaying) => {
    const label = button.getAttribute("aria-label");
    button.setAttribute("aria-label", label.replace(/^(Play|Pause)/, isPlaying ? "Pause" : "Play"));
    const use = one(button, "use");
    use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, isPlaying ? "#pause-solid" : "#play-solid"));
  };
  const settle = () => {
    for (const button of all(root, "[data-audition]")) paint(button, button === current && !audio.paused);
  };
  for (const type of ["play", "pause", "ended"]) audio.addEventListener(type, settle);
  root.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-audition]");
    if (!button) return;
    if (button === current && !audio.paused) {
      audio.pause();
      return;
    }
    if (button !== current) {
      current = button;
      audio.src = button.dataset.audition;
    }
    audio.play().catch(settle);
  });
}
