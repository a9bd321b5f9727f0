import { make, one } from "../../shared/dom.js";
import { wish } from "../requests.js";

/** The one live region: `{text}` with a link or, for an error, a way to try again. */
export function notice({ root, scope, store }) {
  const box = one(root, ".notice");
  scope.on(box, "click", ({ target }) => target.matches("button") && wish(box, "play"));
  store.follow(["error", "notice"], ({ error, notice: { text, link, href } }) => {
    box.replaceChildren(error || text);
    if (error) box.append(" ", make("button", { text: "Try again" }));
    else if (href) box.append(" ", make("a", { href, target: "_blank", rel: "noopener", text: link }));
  });
}
