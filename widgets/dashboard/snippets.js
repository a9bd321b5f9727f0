import { all, make, one } from "../shared/dom.js";
import { createScope } from "../shared/scope.js";

const PAUSE = 150; // ms after the last change until the server is asked

/** Options of a snippet: each change shows in the player and in every text to copy, which the server writes. */
export function startSnippets(root) {
  const part = one(root, "[data-snippets]");
  if (!part) return;
  const scope = createScope();
  const form = one(part, "form.options");
  const frame = one(part, "[data-snippet-preview]");
  let waiting;
  let asked = 0;

  async function update() {
    const turn = (asked += 1);
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    let made;
    try {
      const answer = await fetch(`${part.dataset.snippets}?${query}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      made = await answer.json();
    } catch {
      return; // the server is away; the texts stay true for the options they were made of
    }
    if (turn === asked) show(made, query);
  }

  function show({ preview, width, height, texts, errors }, query) {
    for (const text of all(part, "[data-snippet]")) text.textContent = texts[text.dataset.snippet];
    frame.width = width;
    frame.height = height;
    one(part, "[data-snippet-size]").textContent = `${width} × ${height}`;
    if (frame.getAttribute("src") !== preview) frame.setAttribute("src", preview);
    for (const field of all(form, ".input, .select")) complain(field, errors[field.name]);
    one(part, "[data-snippet-said]").textContent = "The snippets have changed.";
    history.replaceState(history.state, "", `?${query}${location.hash}`);
  }

  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void update(), PAUSE);
  };
  scope.on(form, "input", soon);
  scope.on(form, "submit", (event) => {
    event.preventDefault();
    const size = event.submitter?.value;
    if (event.submitter?.name === "size") [form.elements.width.value, form.elements.height.value] = size.split("x");
    void update();
  });
}

/** A sentence below a field that is wrong; none when it is right. */
function complain(field, sentence) {
  const id = `${field.id}-error`;
  document.getElementById(id)?.remove();
  field.removeAttribute("aria-invalid");
  field.removeAttribute("aria-describedby");
  if (!sentence) return;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", id);
  field.closest(".field").append(make("p", { class: "error-text", id, text: sentence }));
}
