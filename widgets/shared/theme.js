/** The visitor's choice of light or dark, kept in this browser; none means "as the system". */

const KEY = "flexapp-theme";
const CHOICES = ["light", "dark"];

/** @returns {"light"|"dark"|"auto"} */
export function chosenTheme() {
  try {
    const kept = localStorage.getItem(KEY);
    return CHOICES.includes(kept) ? kept : "auto";
  } catch {
    return "auto";
  }
}

/** Show the page in a theme; the styles follow `data-theme`. */
export function applyTheme(theme) {
  if (CHOICES.includes(theme)) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** Keep a choice and show it. */
export function chooseTheme(theme) {
  try {
    if (CHOICES.includes(theme)) localStorage.setItem(KEY, theme);
    else localStorage.removeItem(KEY);
  } catch {
    // Storage is blocked: the choice holds for this page.
  }
  applyTheme(theme);
  themeFrames(document, theme);
}

/** Players on the page (`iframe[data-themed]`) follow a chosen theme; without one they follow the system. */
export function themeFrames(root, theme) {
  for (const frame of root.querySelectorAll("iframe[data-themed]")) {
    const address = new URL(frame.getAttribute("src"), location.href);
    if (CHOICES.includes(theme)) address.searchParams.set("theme", theme);
    else address.searchParams.delete("theme");
    if (address.href !== frame.src) frame.src = address.href;
  }
}

/** Wire the switches in `root`: buttons with `data-theme-choice`. */
export function startThemeSwitch(root) {
  const buttons = [...root.querySelectorAll("[data-theme-choice]")];
  const show = () => {
    const theme = chosenTheme();
    for (const button of buttons)
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  };
  for (const button of buttons) {
    button.closest("[hidden]")?.removeAttribute("hidden");
    button.addEventListener("click", () => {
      chooseTheme(button.dataset.themeChoice);
      show();
    });
  }
  show();
}
