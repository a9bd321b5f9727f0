import { all, one } from "../shared/dom.js";

/** How often figures are asked for, while the page is in front. */
const EVERY = 2000;
/** Charts and lists follow a changed figure, but not more often than this. */
const PARTS_EVERY = 5000;
const TROUBLE = 10_000;

/**
 * Figures that follow the server: `data-live-from` names an address that answers
 * `{"figures": {name: {text, trend}}}`, `data-live="name"` shows one of them. When one has changed, the
 * page is fetched and each `data-live-part` takes its new content. What keeps them from following is said
 * by the page's `data-live-trouble`: the server is `away`, or the visitor is logged `out`.
 */
export function startLive(root, { fetch = window.fetch.bind(window), setTimeout = window.setTimeout.bind(window) } = {}) {
  const scope = one(root, "[data-live-from]");
  if (!scope) return;
  const address = scope.dataset.liveFrom;
  let refreshedAt = 0;
  let isStale = false;
  let heardAt = new Date();
  let waiting;

  async function ask() {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, redirect: "manual" });
    const isOut = answer.status === 401 || answer.type === "opaqueredirect";
    const trouble = isOut ? "out" : answer.ok ? "" : "away";
    tell(trouble);
    if (trouble) return;
    const { figures } = await answer.json();
    heardAt = new Date();
    if (show(scope, figures)) isStale = true;
    if (!isStale || Date.now() - refreshedAt < PARTS_EVERY) return;
    isStale = !(await refresh());
    refreshedAt = Date.now();
  }

  /** New content of the parts; false when one that is in use has to wait. */
  async function refresh() {
    const answer = await fetch(root.location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return false;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    let isWhole = true;
    for (const part of all(scope, "[data-live-part]")) {
      const other = one(fresh, `[data-live-part="${CSS.escape(part.dataset.livePart)}"]`);
      if (part.contains(root.activeElement)) isWhole = false;
      else if (other) replace(part, other);
    }
    return isWhole;
  }

  /** Say what keeps the figures from following; nothing hides it. */
  function tell(trouble) {
    scope.dataset.liveState = trouble || "on";
    for (const note of all(root, "[data-live-trouble]")) {
      const isTold = note.dataset.liveTrouble === trouble;
      if (isTold && note.hidden) {
        one(note, "[data-live-at]").textContent = heardAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      }
      note.hidden = !isTold;
    }
  }

  async function turn() {
    clearTimeout(waiting);
    if (root.visibilityState !== "hidden") {
      try {
        await ask();
      } catch {
        tell("away");
      }
    }
    const isOn = (scope.dataset.liveState ?? "on") === "on";
    clearTimeout(waiting);
    waiting = setTimeout(turn, isOn ? EVERY : TROUBLE);
  }

  waiting = setTimeout(turn, EVERY);
  root.addEventListener("visibilitychange", () => {
    if (root.visibilityState === "visible") void turn();
  });
  one(root, "[data-live-again]")?.addEventListener("click", () => void turn());
}

/** Write changed figures; true when there were some. */
export function show(scope, figures) {
  let hasChanged = false;
  for (const element of all(scope, "[data-live]")) {
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
  const wasOpen = all(part, "details").map((details) => details.open);
  part.replaceChildren(...other.childNodes);
  all(part, "details").forEach((details, place) => {
    details.open = wasOpen[place] ?? false;
  });
}
