import { make, one } from "../../shared/dom.js";

/** The one live region: `{text}` with a link or, for an error, a way to try again. */
export function notice({ root, store, words }) {
  const box = one(root, ".notice");
  store.follow(["error", "notice"], ({ error, notice: { text, link, href } }) => {
    box.replaceChildren(error || text);
    if (error) box.append(" ", make("button", { "data-ask": "play", text: words.retry }));
    else if (href) box.append(" ", make("a", { href, target: "_blank", rel: "noopener", text: link }));
  });
}
