import { make, one } from "../shared/dom.js";
import { createScope } from "../shared/scope.js";

const EVERY = 2000;
const TROUBLE = 10_000;
const HEADS = {
  waiting: "Waiting for the first load",
  arrived: "It works: this arrived",
  refused: "Refused: this website is not on your list",
  nothing: "Nothing arrived for two minutes",
};

/** “Test on my site”: asks every two seconds what the placement's players have reported since. */
export function startArrivals(root) {
  const form = one(root, "[data-arrivals]");
  if (!form) return;
  const scope = createScope();
  const site = form.elements.site;
  const link = one(form, "[data-site-link]");
  let { after, since } = form.dataset;
  let waiting;
  let shown = "";

  async function ask() {
    clearTimeout(waiting);
    let pause = TROUBLE;
    try {
      const query = new URLSearchParams({ after, since, site: site.value.trim() });
      const answer = await fetch(`${form.dataset.arrivals}?${query}`, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const found = await answer.json();
        show(found);
        pause = found.is_over ? Infinity : EVERY;
      }
    } catch {
      // The server is away for a moment; what is shown stays true.
    }
    if (pause < Infinity) waiting = setTimeout(next, pause);
  }

  const next = () => {
    if (root.visibilityState === "hidden") waiting = setTimeout(next, EVERY);
    else void ask();
  };

  function show(found) {
    const said = JSON.stringify(found);
    if (said === shown) return;
    shown = said;
    one(form, "[data-state]").dataset.state = found.state;
    const head = one(form, "[data-arrivals-head]");
    if (head.textContent !== HEADS[found.state]) head.textContent = HEADS[found.state];
    const lines = [
      ...(found.problem ? [{ kind: "hint", text: found.problem }] : []),
      ...found.lines,
      ...found.refused.map((origin) => ({ kind: "bad", text: `${origin} was refused. `, href: form.dataset.settings })),
      ...found.reasons.map((text) => ({ kind: "hint", text })),
      ...(found.elsewhere.length ? [{ kind: "hint", text: `Meanwhile elsewhere: ${found.elsewhere.join(", ")}.` }] : []),
      ...(found.is_over ? [{ kind: "hint", text: "A quarter of an hour is over: begin again to go on." }] : []),
    ];
    one(form, "[data-arrivals-lines]").replaceChildren(
      ...lines.map(({ kind, text, href }) =>
        make("li", { "data-kind": kind, text }, ...(href ? [make("a", { href, text: "Allow it in the settings" })] : [])),
      ),
    );
  }

  const point = () => {
    const address = addressOf(site.value.trim());
    if (address) link.href = address;
    else link.removeAttribute("href");
    link.setAttribute("aria-disabled", String(!address));
  };

  scope.on(form, "submit", (event) => event.preventDefault());
  scope.on(form, "reset", () => {
    since = String(Math.floor(Date.now() / 1000));
    shown = "";
    void restart();
  });
  scope.on(site, "input", () => {
    point();
    clearTimeout(waiting);
    waiting = setTimeout(next, 400);
  });

  /** The log's end of this moment comes with a fresh page. */
  async function restart() {
    try {
      const answer = await fetch(root.location.href, { headers: { Accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      ({ after, since } = one(fresh, "[data-arrivals]").dataset);
    } catch {
      // Then what came before is shown again, which is true too.
    }
    point();
    await ask();
  }

  form.hidden = false;
  point();
  next();
}

/** A web page's address, or nothing: `javascript:` and the like never become a link. */
function addressOf(text) {
  try {
    const address = new URL(text.includes("://") ? text : `//${text}`, location.href);
    return ["http:", "https:"].includes(address.protocol) && text ? address.href : "";
  } catch {
    return "";
  }
}
