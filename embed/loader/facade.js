import { make } from "./make.js";
import { origin } from "./origin.js";

const LOOK =
  "display:grid;place-items:center;cursor:pointer;border:1px solid;height:100%;border-radius:14px";

/** Open the connection once a hand comes near. */
const warm = () => document.head.append(make("link", { rel: "preconnect", href: origin }));

/** What is seen until the frame is there: the page's own link; a plain tap on it is `onTap`. */
export function createFacade(element, onTap) {
  const facade = make("div", {
    onclick: (event) => event.ctrlKey || event.metaKey || event.shiftKey || onTap(event),
  });
  facade.style.cssText = LOOK;
  facade.addEventListener("focusin", warm, { once: true });
  facade.addEventListener("pointerenter", warm, { once: true });
  facade.append(make("slot"));
  element.attachShadow({ mode: "open" }).append(facade);
  return facade;
}
