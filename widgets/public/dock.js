/** Play buttons in lists: the real player of a beat, in a bar at the bottom of the page. */

const HEIGHT = 80;

export function startDock(root) {
  const dock = root.querySelector("[data-dock]");
  if (!dock) return;
  const frame = dock.querySelector("[data-dock-frame]");
  let current = null;

  const show = (button) => {
    current?.removeAttribute("aria-current");
    current = button;
    frame.replaceChildren();
    dock.hidden = button === null;
    if (button === null) return;
    button.setAttribute("aria-current", "true");
    frame.append(playerOf(button.dataset.listen, button.getAttribute("aria-label")));
  };

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-listen]");
    const wantsNewPage = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (button && !wantsNewPage) {
      event.preventDefault();
      if (button !== current) show(button);
    }
  });
  dock.querySelector("[data-dock-close]").addEventListener("click", () => {
    const last = current;
    show(null);
    last?.focus();
  });
}

function playerOf(trackId, title) {
  const frame = document.createElement("iframe");
  const theme = document.documentElement.dataset.theme ?? "auto";
  frame.src = `/embed/v1/${trackId}?layout=bar&autoplay=1&theme=${theme}`;
  frame.title = title;
  frame.allow = "autoplay; clipboard-write";
  frame.height = HEIGHT;
  return frame;
}
