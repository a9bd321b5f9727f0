import { createScope } from "../shared/scope.js";

const PAUSE = 250; // ms after the last change until the preview loads

/** The look of a flex app: every change shows in the player beside the form, before it is saved. */
export function startAppLook(root) {
  const form = root.querySelector("[data-app-look]");
  const frame = root.querySelector("[data-app-preview]");
  if (!form || !frame) return;
  const scope = createScope();
  const sizes = JSON.parse(form.dataset.sizes);
  const accent = form.querySelector("[data-accent]");
  let waiting;

  const show = () => {
    const chosen = new FormData(form);
    const query = new URLSearchParams({ preview: "1", layout: chosen.get("layout"), theme: chosen.get("theme") });
    if (/^#?[0-9a-f]{3}([0-9a-f]{3})?$/i.test(accent.value.trim())) query.set("color", accent.value.trim());
    const [width, height] = sizes[chosen.get("layout")];
    const address = `/embed/v1/${form.dataset.appLook}?${query}`;
    frame.width = width;
    frame.height = height;
    if (frame.getAttribute("src") !== address) frame.setAttribute("src", address);
  };

  scope.on(form, "input", ({ target }) => {
    if (target.name === "swatch") accent.value = target.value;
    if (target === accent) {
      for (const swatch of form.querySelectorAll("[name=swatch]")) {
        swatch.checked = swatch.value === accent.value.toLowerCase();
      }
    }
    clearTimeout(waiting);
    waiting = setTimeout(show, PAUSE);
  });
}
