const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  close: "m4.5 4.5 9 9m0-9-9 9",
  more: "M4 9h.02M9 9h.02M14 9h.02",
  bag: "M4.6 6.5h8.8l.8 8.6H3.8zM6.4 6.5a2.6 2.6 0 0 1 5.2 0",
  check: "m4 9.5 3.5 3.5L14 6",
};

/** One of the late parts' signs, drawn in lines. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 18 18");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("class", "line");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}
