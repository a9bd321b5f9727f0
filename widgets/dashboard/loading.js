/**
 * A page that is asked for anew, in another period or cut, becomes a skeleton of itself until it is there:
 * `main[data-loading]` (styles wait a moment, so that a quick answer does not flicker).
 */
export function startLoading(root) {
  const main = root.querySelector("main");
  if (!main) return;

  root.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("main a[href]") : null;
    if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const isElsewhere = link.pathname !== root.location.pathname || link.host !== root.location.host;
    if (isElsewhere || link.hash || link.target || link.hasAttribute("download")) return;
    begin(main);
  });

  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!event.defaultPrevented && form.method === "get" && main.contains(form)) begin(main);
  });

  // Back from the browser's memory, or a navigation that was called off.
  window.addEventListener("pageshow", () => end(main));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end(main);
  });
}

/** Show that the page is on its way. */
export function begin(main) {
  main.dataset.loading = "yes";
  main.setAttribute("aria-busy", "true");
}

function end(main) {
  delete main.dataset.loading;
  main.removeAttribute("aria-busy");
}
