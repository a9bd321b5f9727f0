/** Play buttons in lists: the real player of a beat, or of the whole app from that beat on, at the bottom of the page. */

const HEIGHT = 80;

export function startDock(root) {
  const dock = root.querySelector("[data-dock]");
  if (!dock) return;
  const frame = dock.querySelector("[data-dock-frame]");
  let current = null;

  const mark = () => {
    for (const button of root.querySelectorAll("[data-listen][aria-current]")) button.removeAttribute("aria-current");
    if (current) root.querySelector(`[data-listen="${CSS.escape(current)}"]`)?.setAttribute("aria-current", "true");
  };
  const show = (button) => {
    current = button?.dataset.listen ?? null;
    mark();
    frame.replaceChildren();
    dock.hidden = button === null;
    if (button !== null) frame.append(playerOf(dock.dataset, current, button.getAttribute("aria-label")));
  };

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-listen]");
    const wantsNewPage = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (button && !wantsNewPage) {
      event.preventDefault();
      if (button.dataset.listen !== current) show(button);
    }
  });
  dock.querySelector("[data-dock-close]").addEventListener("click", () => {
    const last = root.querySelector("[data-listen][aria-current]");
    show(null);
    last?.focus();
  });
  // A list that was looked through anew has new buttons: the one that plays says so again.
  root.addEventListener("browsed", mark);
}

function playerOf({ dock: base, dockApp: app, dockKey: key }, listen, title) {
  const frame = document.createElement("iframe");
  const address = new URL(base + (app ?? listen), location.href);
  const options = { layout: "bar", autoplay: "1", theme: document.documentElement.dataset.theme ?? "" };
  if (app && listen !== app) options.start_track = listen;
  for (const [name, value] of Object.entries({ ...options, k: key })) {
    if (value) address.searchParams.set(name, value);
  }
  frame.src = address.href;
  frame.title = title ?? "Player";
  frame.allow = "autoplay; clipboard-write";
  frame.height = HEIGHT;
  return frame;
}
