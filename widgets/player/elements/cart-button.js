import { make, one } from "../../shared/dom.js";
import { say } from "../../shared/words.js";
import { icon } from "../icons.js";

/** Opens the cart and says how many beats are in it; not there while there are none. */
export function cartButton({ root, store, words }) {
  const clock = one(root, ".of");
  if (!clock || !one(root, ".buy")) return;
  const count = make("span");
  const button = make("button", { class: "cart", "data-ask": "cart" }, icon("bag"), count);
  store.follow(["cart"], ({ cart }) => {
    count.textContent = cart?.count;
    button.ariaLabel = say(words.cart_open, { count: cart?.count });
    if (!cart?.count) button.remove();
    else if (!button.isConnected) clock.before(button); // what is moved loses the focus
  });
}
