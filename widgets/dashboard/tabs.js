import { all, one } from "../shared/dom.js";
import { createScope } from "../shared/scope.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };

/**
 * Tabs out of a row of links to sections: `data-tabs` holds a nav and the sections its links name.
 * Without script the links jump to the sections, which all show.
 */
export function startTabs(root) {
  for (const part of all(root, "[data-tabs]")) start(part);
}

function start(part) {
  const scope = createScope();
  const list = one(part, "nav");
  const tabs = all(list, "a[href^='#']");
  const panelOf = (tab) => one(part, tab.hash);

  list.setAttribute("role", "tablist");
  for (const tab of tabs) {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", tab.hash.slice(1));
    panelOf(tab).setAttribute("role", "tabpanel");
    panelOf(tab).tabIndex = 0;
  }

  function choose(chosen, { focus = false } = {}) {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panelOf(tab).hidden = !isChosen;
    }
    if (!focus) return;
    chosen.focus();
    history.replaceState(history.state, "", chosen.hash);
  }

  scope.on(list, "click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (!tab) return;
    event.preventDefault();
    choose(tab, { focus: true });
  });
  scope.on(list, "keydown", (event) => {
    const place = tabs.indexOf(document.activeElement);
    if (place < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const wanted =
      event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : event.key in STEPS ? place + STEPS[event.key] : null;
    if (wanted === null) return;
    event.preventDefault();
    choose(tabs.at(wanted % tabs.length), { focus: true });
  });
  choose(tabs.find((tab) => tab.hash === location.hash) ?? tabs[0]);
}
