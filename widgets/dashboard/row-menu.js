import { one } from "../shared/dom.js";

const GAP = 6;

/**
 * The menu of a row: a popover beside its button, and at the pointer when the row is clicked with the
 * other button. Links keep the browser's own menu, so that they can be opened in a tab.
 */
export function startRowMenus(root) {
  root.addEventListener("contextmenu", (event) => {
    const row = event.target instanceof Element ? event.target.closest("[data-row-menu]") : null;
    const menu = row && one(row, ".row-menu[popover]");
    if (!menu || event.shiftKey) return;
    if (event.button === 2 && event.target.closest("a, input, textarea, .row-menu")) return;
    event.preventDefault();
    const box = event.target.getBoundingClientRect();
    const isPointed = event.clientX > 0 || event.clientY > 0;
    menu.showPopover();
    place(menu, isPointed ? event.clientX : box.left, isPointed ? event.clientY : box.bottom);
    one(menu, "a")?.focus();
  });

  root.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      if (!(menu instanceof HTMLElement) || !menu.matches(".row-menu") || event.newState !== "open") return;
      const button = one(root, `[popovertarget="${CSS.escape(menu.id)}"]`);
      if (menu.dataset.placed || !button) return;
      const box = button.getBoundingClientRect();
      place(menu, box.right - menu.offsetWidth, box.bottom + GAP);
    },
    true,
  );

  root.addEventListener(
    "beforetoggle",
    (event) => {
      if (event.target instanceof HTMLElement && event.newState === "closed") delete event.target.dataset.placed;
    },
    true,
  );
}

/** Put the menu there, but inside the window. */
function place(menu, x, y) {
  menu.dataset.placed = "yes";
  const left = Math.min(Math.max(GAP, x), window.innerWidth - menu.offsetWidth - GAP);
  const top = Math.min(Math.max(GAP, y), window.innerHeight - menu.offsetHeight - GAP);
  Object.assign(menu.style, { left: `${left}px`, top: `${top}px` });
}
