import { make } from "../../shared/dom.js";
import { say } from "../../shared/words.js";
import { buyUrl } from "../config.js";
import { icon } from "../icons.js";
import { currentTrack } from "../store.js";

/**
 * The licenses of one track in a dialog, and the link that opens the checkout beside the page. Answers the
 * wish `license`; the state's `licensing` is the track whose licenses are shown.
 *
 * Buy is an anchor with `target=_blank`: no script may be needed to pay, and popup blockers let it pass.
 * In a frame too low for the list, the stylesheet shows the same choice as a native select.
 */
export function licensePicker({ root, scope, store, config, answer, tell, words, onCheckout }) {
  const title = make("h2", { id: "license-title" });
  const close = make("button", { class: "quiet", "aria-label": words.close }, icon("close"));
  const list = make("fieldset", { "aria-labelledby": "license-title" });
  const short = make("select", { "aria-label": words.license_type });
  const terms = make("a", { class: "terms", target: "_blank", rel: "noopener", text: words.terms });
  const checkout = make("a", { class: "cta", target: "_blank", rel: "noopener" });
  const dialog = make(
    "dialog",
    { class: "licenses", "aria-labelledby": "license-title" },
    make("form", { method: "dialog" }, title, close),
    list,
    short,
    make("footer", {}, terms, checkout),
  );
  let track;
  let opener;
  root.append(dialog);

  function choose(offerId, order) {
    const [, price] = track.offers.find(([id]) => id === offerId);
    short.value = offerId;
    for (const radio of list.querySelectorAll("input")) radio.checked = radio.value === offerId;
    checkout.textContent = say(words.buy, { price });
    checkout.href = buyUrl(track, offerId, { k: config.k, s: store.get().token, o: order });
    terms.href = `${buyUrl(track, offerId, { k: config.k })}#terms`;
  }

  function fill() {
    title.textContent = say(words.license_of, track);
    short.replaceChildren();
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

  answer({
    license: ({ trackId, opener: from }) => {
      track = currentTrack(store.get(), trackId);
      if (!track?.chosen || store.get().sold.includes(track.id)) return;
      opener = from;
      fill();
      if (!dialog.open) dialog.showModal();
      store.set({ licensing: track.id });
      tell("licenses", track.id);
    },
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
    store.set({ licensing: "" });
    opener?.focus();
  });
}
