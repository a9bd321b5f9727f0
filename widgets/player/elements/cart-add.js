import { make, one } from "../../shared/dom.js";
import { say } from "../../shared/words.js";
import { icon } from "../icons.js";
import { currentTrack } from "../store.js";

/** “Add to cart” beside the link that buys, in the dialog of licenses: the license that is chosen there. */
export function cartAdd({ root, scope, store, ask, tell, words }) {
  const dialog = one(root, "dialog[aria-labelledby=license-title]");
  if (!dialog || !one(root, ".buy")) return;
  const chosen = one(dialog, "select");
  const label = make("span");
  const button = make("button", { class: "cart-add", type: "button" }, icon("bag"), label);
  one(dialog, ".cta").before(button);

  const lineOf = (id) => store.get().cart?.lines.find((line) => line.track_id === id);
  const show = () => {
    const line = lineOf(store.get().licensing);
    const isThere = line?.license_type_id === chosen.value;
    label.textContent = isThere ? words.cart_in : line ? words.cart_change : words.cart_add;
    button.ariaLabel = label.textContent;
    button.disabled = isThere;
  };

  store.follow(["licensing", "cart"], show);
  scope.on(dialog, "change", show);
  scope.on(button, "click", async () => {
    const trackId = store.get().licensing;
    button.disabled = true;
    button.ariaBusy = "true";
    const code = await ask("cartAdd", { trackId, lic: chosen.value });
    if (!code) tell("added", trackId);
    button.ariaBusy = null;
    show();
    dialog.close();
    const { title } = currentTrack(store.get(), trackId);
    const text = code ? (words[`cart_${code}`] ?? words.cart_failed) : say(words.cart_added, { title });
    ask("mention", { text });
  });
}
