import { all, make, one } from "../../shared/dom.js";
import { say } from "../../shared/words.js";
import { icon } from "../icons.js";

/**
 * The cart in a dialog: its lines with a license to change and a way out of it, what they come to, and the
 * link that opens its page beside the stranger's. Answers the wish `cart`; the state's `sheet` says
 * whether it is open.
 */
export function cartSheet({ root, scope, store, config, ask, answer, tell, words, onCheckout }) {
  if (!one(root, ".buy")) return;
  const said = make("p", { class: "cart-said", role: "status" });
  const lines = make("div", { class: "cart-lines", role: "list" });
  const empty = make(
    "div",
    { class: "cart-empty" },
    make("b", { text: words.cart_empty_title }),
    make("p", { text: words.cart_empty_text }),
  );
  const total = make("b");
  const checkout = make("a", { class: "cta", target: "_blank", rel: "noopener", text: words.cart_check_out });
  const foot = make("footer", {}, make("p", { text: `${words.cart_total} ` }, total), checkout);
  const close = make("button", { class: "quiet", "aria-label": words.close }, icon("close"));
  const head = make("form", { method: "dialog" }, make("h2", { id: "cart-title", text: words.cart_title }), close);
  const attributes = { class: "sheet", "aria-labelledby": "cart-title" };
  const dialog = make("dialog", attributes, head, said, lines, empty, foot);
  let opener;
  root.append(dialog);

  function row(line) {
    const pick = make("select", {
      "aria-label": say(words.cart_license_of, line),
      "data-key": `license ${line.track_id}`,
      "data-pick": line.track_id,
    });
    if (!line.offers.some((offer) => offer.license_type_id === line.license_type_id)) {
      pick.append(make("option", { value: "", text: line.license, selected: "", disabled: "" }));
    }
    for (const { license_type_id: value, license, price } of line.offers) {
      pick.append(make("option", { value, text: `${license} · ${price.text}` }));
    }
    if (line.price) pick.value = line.license_type_id;
    const about = make("div", {}, make("b", { text: line.title, dir: "auto" }));
    about.append(make("small", { text: line.producer, dir: "auto" }));
    if (line.was) about.append(make("small", { text: say(words.cart_was, { price: line.was.text }) }));
    if (line.problem) about.append(make("small", { class: "bad", text: words[`cart_${line.problem.code}`] }));
    if (line.offers.length) about.append(pick);
    const remove = make(
      "button",
      {
        class: "quiet",
        "aria-label": say(words.cart_remove, line),
        "data-key": `remove ${line.track_id}`,
        "data-remove": line.track_id,
      },
      icon("close"),
    );
    const image = line.cover ? [make("img", { src: line.cover, alt: "", width: 44, height: 44 })] : [];
    const cost = make("b", { class: "cost", text: line.problem ? "–" : line.price.text });
    const art = make("span", { class: line.cover ? "" : "none" }, ...image);
    return make("div", { class: line.problem ? "cart-line out" : "cart-line", role: "listitem" }, art, about, cost, remove);
  }

  function address(order) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ k: config.k, o: order })) if (value) query.set(name, value);
    return `/cart/${store.get().cart.token}?${query}`;
  }

  function show({ cart }) {
    const key = document.activeElement?.dataset.key;
    const place = all(lines, "[data-remove]").findIndex((button) => button.dataset.key === key);
    lines.replaceChildren(...(cart?.lines ?? []).map(row));
    empty.hidden = Boolean(cart?.count);
    foot.hidden = !cart?.can_check_out;
    total.textContent = cart?.total.text;
    if (cart) checkout.href = address();
    if (!key || !dialog.open) return;
    const left = all(lines, "[data-remove]");
    const same = all(lines, "[data-key]").find((control) => control.dataset.key === key);
    (same ?? left[Math.min(place, left.length - 1)] ?? close).focus();
  }

  async function wish(type, detail, done) {
    dialog.ariaBusy = "true";
    const code = await ask(type, detail);
    dialog.ariaBusy = null;
    said.textContent = code ? (words[`cart_${code}`] ?? words.cart_failed) : done;
    if (code) show(store.get()); // what was chosen did not come about
  }

  answer({
    cart: ({ opener: from }) => {
      opener = from;
      said.textContent = "";
      if (!dialog.open) dialog.showModal();
      store.set({ sheet: true });
      void wish("cartLook", {}, "");
    },
  });
  store.follow(["cart"], show);
  scope.on(lines, "change", ({ target }) => {
    const trackId = target.dataset.pick;
    void wish("cartChange", { trackId, lic: target.value }, words.cart_changed);
  });
  scope.on(lines, "click", ({ target }) => {
    const trackId = target.closest("[data-remove]")?.dataset.remove;
    const line = store.get().cart?.lines.find((each) => each.track_id === trackId);
    if (line) void wish("cartRemove", { trackId }, say(words.cart_removed, line));
  });
  scope.on(checkout, "click", () => {
    const order = crypto.randomUUID();
    const { cart, tracks, trackId } = store.get();
    const shown = cart.lines.map((line) => line.track_id).filter((id) => tracks.some((track) => track.id === id));
    const [first = trackId, ...others] = shown;
    for (const id of others) tell("checkout", id);
    checkout.href = address(order);
    onCheckout(first, order, checkout.href);
  });
  scope.on(dialog, "click", ({ target }) => target === dialog && dialog.close());
  scope.on(dialog, "close", () => {
    store.set({ sheet: false });
    (opener?.isConnected ? opener : one(root, ".play")).focus();
  });
}
