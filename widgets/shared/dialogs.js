/** Dialogs: `data-opens="#id"` shows a <dialog>, `data-closes` inside closes it, so does a click beside it. */

export function startDialogs(root) {
  root.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      event.preventDefault();
      document.querySelector(opener.dataset.opens)?.showModal();
      return;
    }
    if (event.target.closest("[data-closes]") || event.target.matches("dialog")) {
      event.target.closest("dialog")?.close();
    }
  });
}
