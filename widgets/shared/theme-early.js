/** Runs before the first paint, so that a chosen theme never flashes, not in the players of the page either. */

import { applyTheme, chosenTheme, themeFrames } from "./theme.js";

const theme = chosenTheme();
applyTheme(theme);
if (theme !== "auto") {
  const arrivals = new MutationObserver(() => themeFrames(document, theme));
  arrivals.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => {
    themeFrames(document, theme);
    arrivals.disconnect();
  });
}
