import { all, one } from "../shared/dom.js";

/** Choices that do not fit on a narrow screen scroll sideways: the chosen one is brought into sight. */
export function startSegments(root) {
  for (const segments of all(root, ".segments")) {
    const chosen = one(segments, "[aria-current]");
    if (!chosen) continue;
    const from = chosen.getBoundingClientRect().left - segments.getBoundingClientRect().left;
    segments.scrollLeft += from - (segments.clientWidth - chosen.offsetWidth) / 2;
  }
}
