import { make, one } from "../../shared/dom.js";
import { copy } from "../sharing.js";

/** Beside an address that no tab opens for: its code for a phone, and a button that copies it. */
export function byHand({ root, scope, store, words }) {
  const box = one(root, ".notice");
  const button = make("button", { class: "copy", text: words.copy_link });
  scope.on(button, "click", async () => {
    if (await copy(store.get().notice.href)) button.textContent = words.copied;
  });
  store.follow(["notice"], ({ notice: { code } }) => {
    box.classList.toggle("by-hand", Boolean(code));
    if (!code) return;
    button.textContent = words.copy_link;
    box.append(" ", button, make("img", { src: code, alt: "", width: 132, height: 132 }));
  });
}
