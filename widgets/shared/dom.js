/** The first match below `root`, or null. */
export const one = (root, selector) => root.querySelector(selector);

/** All matches below `root`, as an array. */
export const all = (root, selector) => [...root.querySelectorAll(selector)];

/** An element with text and attributes; text is text, never markup. */
export function make(name, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text != null) element.textContent = text;
  element.append(...children);
  return element;
}
