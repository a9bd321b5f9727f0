import { all, make, one } from "../shared/dom.js";
import { begin } from "./loading.js";

const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
const SVG = "http://www.w3.org/2000/svg";
const HINT = "Arrow keys read the points. With Shift they choose a span: Enter zooms into it, Escape out again.";

/**
 * Charts that can be read point by point, and zoomed into by dragging or by keyboard: a
 * `.chart-plot[data-reads]` with a `.chart-band` for each point. `data-zoom` is the address to which the
 * chosen span is added, `data-zoom-out` the one that leads back. Listeners are on the page, since live
 * figures bring new charts.
 */
export function startPlots(root, { go = leave } = {}) {
  let drag = null;

  root.addEventListener("pointerdown", (event) => {
    const plot = plotOf(event);
    if (!plot || event.button !== 0) return;
    const at = placeAt(plot, event.clientX);
    drag = { plot, from: at };
    plot.focus({ preventScroll: true });
    read(plot, at);
  });

  root.addEventListener("pointermove", (event) => {
    const plot = drag?.plot ?? plotOf(event);
    if (!plot) return;
    const at = placeAt(plot, event.clientX);
    read(plot, at);
    if (drag) choose(plot, drag.from, at);
  });

  root.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { plot, from } = drag;
    const to = placeAt(plot, event.clientX);
    drag = null;
    if (to === from) choose(plot);
    else zoom(plot, from, to);
  });

  root.addEventListener("pointercancel", () => {
    if (drag) choose(drag.plot);
    drag = null;
  });

  root.addEventListener("pointerout", (event) => {
    const plot = plotOf(event);
    if (plot && !drag && !plot.contains(event.relatedTarget) && plot !== root.activeElement) read(plot, null);
  });

  root.addEventListener("focusin", (event) => {
    const plot = plotOf(event);
    if (plot && plot.dataset.at === undefined) read(plot, bandsOf(plot).length - 1);
  });

  root.addEventListener("focusout", (event) => {
    const plot = plotOf(event);
    if (!plot) return;
    choose(plot);
    read(plot, null);
  });

  root.addEventListener("keydown", (event) => {
    const plot = plotOf(event);
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!press(plot, event.key, event.shiftKey)) return;
    event.preventDefault();
  });

  function press(plot, key, isChoosing) {
    const last = bandsOf(plot).length - 1;
    const at = Number(plot.dataset.at ?? last);
    const wanted = key === "Home" ? 0 : key === "End" ? last : key in STEPS ? at + STEPS[key] : null;
    if (wanted !== null) {
      const to = Math.min(last, Math.max(0, wanted));
      if (isChoosing) choose(plot, Number(plot.dataset.from ?? at), to);
      else choose(plot);
      read(plot, to);
      return true;
    }
    if (key === "Enter") return zoom(plot, Number(plot.dataset.from ?? at), at);
    if (key !== "Escape") return false;
    if (plot.dataset.from !== undefined) choose(plot);
    else if (plot.dataset.zoomOut) go(plot.dataset.zoomOut);
    return true;
  }

  function zoom(plot, start, other) {
    if (!plot.dataset.zoom) return false;
    const bands = bandsOf(plot);
    const [first, last] = [Math.min(start, other), Math.max(start, other)];
    const until = bands[last].dataset.until || bands[last].dataset.at;
    go(`${plot.dataset.zoom}&since=${bands[first].dataset.at}&until=${until}`);
    return true;
  }

  for (const plot of all(root, ".chart-plot[data-reads]")) ready(plot);
  new MutationObserver(() => {
    for (const plot of all(root, ".chart-plot[data-reads]:not([tabindex])")) ready(plot);
  }).observe(root.body ?? root, { childList: true, subtree: true });
}

function leave(address) {
  begin(one(document, "main"));
  window.location.assign(address);
}

/** Say to everybody that the chart can be used: it is a slider over its points. */
function ready(plot) {
  const last = bandsOf(plot).length - 1;
  const attributes = { tabindex: 0, role: "slider", "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": last };
  for (const [name, value] of Object.entries(attributes)) plot.setAttribute(name, value);
  plot.setAttribute("aria-valuetext", textOf(plot, last));
  if (plot.dataset.zoom) plot.setAttribute("aria-description", HINT);
  for (const title of all(plot, ".chart-band > title")) {
    title.parentElement.dataset.title = title.textContent;
    title.remove();
  }
  if (plot.dataset.zoom && !one(plot.parentElement, ".chart-hint")) {
    plot.after(make("p", { class: "chart-hint", "aria-hidden": "true", text: "Drag to zoom" }));
  }
}

const plotOf = (event) => (event.target instanceof Element ? event.target.closest(".chart-plot[data-reads]") : null);
const bandsOf = (plot) => all(plot, ".chart-band");
const acrossOf = (place, count) => (count === 1 ? 50 : (100 * place) / (count - 1));

function textOf(plot, place) {
  const band = bandsOf(plot)[place];
  return band?.dataset.title ?? one(band, "title")?.textContent ?? "";
}

/** The point nearest to a horizontal place on the screen. */
function placeAt(plot, x) {
  const box = plot.getBoundingClientRect();
  const last = bandsOf(plot).length - 1;
  return Math.round(Math.min(1, Math.max(0, (x - box.left) / box.width)) * last);
}

/** Show one point: a line through the chart, and its figures in words; null hides both. */
function read(plot, place) {
  const words = one(plot.closest(".chart"), ".chart-reading");
  if (place === null) {
    delete plot.dataset.at;
    one(plot, ".chart-cursor")?.remove();
    if (words) words.textContent = "";
    return;
  }
  plot.dataset.at = place;
  const x = `${acrossOf(place, bandsOf(plot).length)}%`;
  const line = one(plot, ".chart-cursor") ?? draw(plot, "line", { class: "chart-cursor", y1: 0, y2: plot.dataset.reads });
  line.setAttribute("x1", x);
  line.setAttribute("x2", x);
  const text = textOf(plot, place);
  plot.setAttribute("aria-valuenow", place);
  plot.setAttribute("aria-valuetext", text);
  if (words) words.textContent = text;
}

/** Mark a span of points; without one the mark goes. */
function choose(plot, from, to) {
  if (from === undefined || from === to) {
    if (from === undefined) delete plot.dataset.from;
    one(plot, ".chart-chosen")?.remove();
    return;
  }
  plot.dataset.from = from;
  const count = bandsOf(plot).length;
  const [left, right] = [from, to].map((place) => acrossOf(place, count)).sort((a, b) => a - b);
  const mark = one(plot, ".chart-chosen") ?? draw(plot, "rect", { class: "chart-chosen", y: 0, height: plot.dataset.reads });
  mark.setAttribute("x", `${left}%`);
  mark.setAttribute("width", `${right - left}%`);
}

function draw(plot, name, attributes) {
  const shape = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
  plot.append(shape);
  return shape;
}
