/** How often figures are asked for, while the page is in front. */
const EVERY = 2000;
/** Charts and lists follow a changed figure, but not more often than this. */
const PARTS_EVERY = 5000;
const TROUBLE = 15_000;

/**
 * Figures that follow the server: `data-live-from` names an address that answers
 * `{"figures": {name: {text, trend}}}`, `data-live="name"` shows one of them. When one has changed, the
 * page is fetched and each `data-live-part` takes its new content.
 */
export function startLive(root, { fetch = window.fetch.bind(window), setTimeout = window.setTimeout.bind(window) } = {}) {
  const scope = root.querySelector("[data-live-from]");
  if (!scope) return;
  const address = scope.dataset.liveFrom;
  let refreshedAt = 0;
  let isStale = false;

  async function ask() {
    if (root.visibilityState === "hidden") return EVERY;
    const answer = await fetch(address, { headers: { Accept: "application/json" }, redirect: "error" });
    if (!answer.ok) return TROUBLE;
    const { figures } = await answer.json();
    if (show(scope, figures)) isStale = true;
    if (isStale && Date.now() - refreshedAt >= PARTS_EVERY) {
      await refresh();
      isStale = false;
      refreshedAt = Date.now();
    }
    return EVERY;
  }

  async function refresh() {
    const answer = await fetch(root.location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of scope.querySelectorAll("[data-live-part]")) {
      const other = fresh.querySelector(`[data-live-part="${CSS.escape(part.dataset.livePart)}"]`);
      if (other && !part.contains(root.activeElement)) replace(part, other);
    }
  }

  async function turn() {
    let pause = TROUBLE;
    try {
      pause = await ask();
    } catch {
      // The server is away; the figures stay as they were.
    }
    setTimeout(turn, pause);
  }

  setTimeout(turn, EVERY);
  root.addEventListener("visibilitychange", () => {
    if (root.visibilityState === "visible") void ask().catch(() => undefined);
  });
}

/** Write changed figures; true when there were some. */
export function show(scope, figures) {
  let hasChanged = false;
  for (const element of scope.querySelectorAll("[data-live]")) {
    const figure = figures[element.dataset.live];
    if (!figure || element.textContent === figure.text) continue;
    element.textContent = figure.text;
    if ("trend" in element.dataset) element.dataset.trend = figure.trend;
    hasChanged = true;
  }
  return hasChanged;
}

/** New content; what the reader had unfolded stays open. */
function replace(part, other) {
  const wasOpen = [...part.querySelectorAll("details")].map((details) => details.open);
  part.replaceChildren(...other.childNodes);
  part.querySelectorAll("details").forEach((details, place) => {
    details.open = wasOpen[place] ?? false;
  });
}
