import { make } from "../shared/dom.js";

/**
 * The late script: what nobody needs before the first touch (licenses, menu, cart, queue, loudness, the port's
 * language). `need()` fetches it and its styles once, and resolves to whether it is here. What fails is
 * fetched anew at the next touch; until then the core plays, and links that buy are plain links.
 */
export function createLate(parts) {
  const { scope, config } = parts;
  let coming, arrive;
  const fetched = (name, attributes) =>
    new Promise((resolve, reject) => {
      const element = make(name, attributes);
      element.onload = resolve;
      element.onerror = () => {
        element.remove();
        reject();
      };
      document.head.append(element);
    });
  const need = () =>
    (coming ??= Promise.all([
      fetched("link", { rel: "stylesheet", href: config.late[1] }),
      fetched("script", { src: config.late[0] }),
    ]).then(
      () => {
        arrive(parts); // not before its styles are here: nothing may shift
        return true;
      },
      () => {
        coming = null;
        return false;
      },
    ));

  scope.on(document, "late", ({ detail }) => (arrive = detail));
  for (const type of ["pointerdown", "keydown", "focusin"]) {
    scope.on(document, type, (event) => {
      parts.touch = event;
      void need();
    });
  }
  return need;
}
