/**
 * Looking through a list of beats without leaving the page: the form's own address is fetched, and its results take
 * the place of those shown. Whatever fails ends in an ordinary visit to that address.
 */

const PAUSE = 250;

export function startBrowse(root) {
  const form = root.querySelector("[data-browse]");
  if (!form) return;
  form.dataset.scripted = "";
  let asked = 0;
  let timer = 0;

  const addressOf = () => {
    const address = new URL(form.action);
    for (const [name, value] of new FormData(form)) {
      if (value) address.searchParams.set(name, value);
    }
    return address.href;
  };

  const go = async (address, { keepsForm = false, isBack = false } = {}) => {
    const mine = (asked += 1);
    clearTimeout(timer);
    const shown = root.querySelector("[data-results]");
    shown.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== asked) return;
      put(root, form, page, { keepsForm });
      if (!isBack) history.pushState({ browsed: true }, "", address);
      root.dispatchEvent(new CustomEvent("browsed"));
    } catch {
      if (mine === asked) location.assign(address);
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(addressOf(), { keepsForm: true });
  });
  form.addEventListener("change", (event) => {
    if (event.target.type !== "search") go(addressOf(), { keepsForm: true });
  });
  form.addEventListener("input", (event) => {
    if (event.target.matches("select")) return;
    clearTimeout(timer);
    timer = setTimeout(() => go(addressOf(), { keepsForm: true }), PAUSE);
  });
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-browse-to]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    const isPage = link.rel !== "";
    go(link.href).then(() => {
      const results = root.querySelector("[data-results]");
      if (isPage) results.scrollIntoView({ block: "start" });
      focusOn(results);
    });
  });
  window.addEventListener("popstate", () => go(location.href, { isBack: true }));
}

/** New results, and the choices that are left; what is being typed stays as it is. */
function put(root, form, page, { keepsForm }) {
  const results = page.querySelector("[data-results]");
  const asked = page.querySelector("[data-browse]");
  const shown = root.querySelector("[data-results]");
  if (!results || !asked) throw new Error("no results");
  const count = results.querySelector("[data-found-count]");
  const spoken = shown.querySelector("[data-found-count]");
  if (count && spoken) {
    // The element that is read aloud stays, so that its new words are.
    spoken.textContent = count.textContent;
    count.replaceWith(spoken);
  }
  shown.replaceWith(document.adoptNode(results));
  for (const field of asked.querySelectorAll("select")) {
    const mine = form.querySelector(`#${field.id}`);
    if (!mine) continue;
    const chosen = field.value;
    mine.replaceChildren(...[...field.options].map((option) => document.adoptNode(option)));
    mine.value = chosen;
  }
  if (keepsForm) return;
  for (const field of asked.querySelectorAll("input")) {
    const mine = field.id && form.querySelector(`#${field.id}`);
    if (mine) mine.value = field.value;
  }
}

function focusOn(element) {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}
