import { make, one } from "../../shared/dom.js";
import { buyUrl } from "../config.js";
import { wish } from "../requests.js";
import { currentTrack, isSold } from "../store.js";
import { buyLink } from "./buy-link.js";

/**
 * The licenses of one track in a dialog, and the link that opens the checkout beside the page.
 *
 * Buy is an anchor with `target=_blank`: no script may be needed to pay, and popup blockers let it pass.
 * In a frame too low for the list, the stylesheet shows the same choice as a native select.
 */
export function licensePicker({ root, scope, store, config, onCheckout }) {
  const dialog = one(root, "dialog");
  if (!dialog) return;
  const list = one(dialog, "fieldset");
  const short = one(dialog, "select");
  const checkout = one(dialog, ".cta");
  let head = one(root, ".now > .buy");
  let track;
  let opener;

  function choose(offerId, order) {
    const [, price] = track.offers.find(([id]) => id === offerId);
    short.value = offerId;
    for (const radio of list.querySelectorAll("input")) radio.checked = radio.value === offerId;
    checkout.textContent = `Buy · ${price}`;
    checkout.href = buyUrl(track, offerId, { k: config.k, s: store.get().token, o: order });
    one(dialog, ".terms").href = `${buyUrl(track, offerId, { k: config.k })}#terms`;
  }

  function fill() {
    one(dialog, "h2").textContent = `License “${track.title}”`;
    const rows = track.offers.map(([value, price]) => {
      const { name, note } = config.licenses[value];
      short.append(make("option", { value, text: `${name} · ${price}` }));
      return make(
        "label",
        {},
        make("input", { type: "radio", name: "license", value }),
        make("span", { text: name }, make("small", { text: note })),
        make("b", { text: price }),
      );
    });
    list.replaceChildren(...rows);
    choose(track.chosen);
  }

  scope.on(root, "click", (event) => {
    const link = event.target.closest("a[data-buy]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    opener = link;
    wish(link, "license", { trackId: link.dataset.buy });
  });
  scope.on(list, "change", ({ target }) => choose(target.value));
  scope.on(short, "change", () => choose(short.value));
  scope.on(checkout, "click", () => {
    const order = crypto.randomUUID();
    choose(short.value, order);
    onCheckout(track.id, order, checkout.href);
  });
  scope.on(dialog, "click", ({ target }) => target === dialog && dialog.close());
  scope.on(dialog, "close", () => {
    wish(dialog, "license", { trackId: "" });
    opener?.focus();
  });
  store.follow(["licensing"], ({ licensing, tracks }) => {
    track = tracks.find(({ id }) => id === licensing);
    if (!track) return;
    short.replaceChildren();
    fill();
    dialog.showModal();
  });
  store.follow(["trackId", "sold"], (state, before) => {
    if (state === before) return;
    const link = buyLink(currentTrack(state), { sold: isSold(state), k: config.k });
    head?.replaceWith(link);
    head = link;
  });
}
