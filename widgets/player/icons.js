const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  close: { line: "m4.5 4.5 9 9m0-9-9 9" },
  more: { line: "M4 9h.02M9 9h.02M14 9h.02" },
  bag: { line: "M4.6 6.5h8.8l.8 8.6H3.8zM6.4 6.5a2.6 2.6 0 0 1 5.2 0" },
  speaker: {
    body: "M2 6.5v5h3l4 3.5V3L5 6.5z",
    "line i-loud": "M11.2 6.2a4 4 0 0 1 0 5.6M13.3 4.1a7 7 0 0 1 0 9.8",
    "line i-mute": "m11.5 7 4 4m0-4-4 4",
  },
};

/** One of the late parts' signs, by the classes of its strokes. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 18 18");
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, shape] of Object.entries(SHAPES[name])) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", kind);
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}
