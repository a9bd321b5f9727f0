import { one } from "../shared/dom.js";

const KEY = "beat-cart";
const PATIENCE = 15000; // ms for an answer
const GONE = ["cart_not_found", "cart_expired"];

/**
 * The cart of this browser on this website: a draft on our server, found by its token alone. The token is
 * kept in the frame's own storage once somebody has put something in, or in memory where there is none;
 * other players of the page hear of every change. The state's `cart` is what the server said last.
 *
 * Wishes: `cartAdd {trackId, lic}` from this player, `cartChange`, `cartRemove {trackId}` and `cartLook`.
 * Each resolves to an empty text, or to the code of what went wrong.
 */
export function createCart({ root, scope, store, config, answer }) {
  if (!one(root, ".buy")) return;
  let held = "";
  let turn = Promise.resolve();
  let looking;
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("beat/1/cart");

  function token() {
    try {
      return localStorage.getItem(KEY) ?? held;
    } catch {
      return held;
    }
  }

  function keep(value) {
    held = value;
    try {
      if (value) localStorage.setItem(KEY, value);
      else localStorage.removeItem(KEY);
    } catch {
      // A sandbox or a blocked storage: this player remembers until it is closed.
    }
  }

  async function call(path, body) {
    const options = { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) };
    if (body) Object.assign(options, { method: "POST", body: JSON.stringify(body) }); // goes as text/plain
    try {
      const reply = await fetch(`/embed/v1/carts${path}?lang=${document.documentElement.lang}`, options);
      const told = await reply.json();
      return reply.ok ? { cart: told } : { code: told.code ?? "failed" };
    } catch {
      return { code: "failed" };
    }
  }

  function settle({ cart, code = "" }) {
    if (cart) {
      if (cart.token !== token()) keep(cart.token);
      store.set({ cart });
    } else if (GONE.includes(code)) {
      keep("");
      store.set({ cart: null });
    }
    return code;
  }

  /** One change after the other, so that two quick taps never begin two carts. */
  function change(path, body) {
    turn = turn.then(async () => {
      const known = token();
      let reply = known ? await call(`/${known}${path}`, body) : { code: GONE[0] };
      if (path === "/lines" && GONE.includes(reply.code)) reply = await call("", body);
      const code = settle(reply);
      channel?.postMessage(token());
      return code;
    });
    return turn;
  }

  function look() {
    const known = token();
    if (!known) {
      store.set({ cart: null });
      return Promise.resolve("");
    }
    looking ??= call(`/${known}`)
      .then(settle)
      .finally(() => {
        looking = undefined;
      });
    return looking;
  }

  answer({
    cartAdd: ({ trackId, lic }) =>
      change("/lines", { track_id: trackId, license_type_id: lic, k: config.k, s: store.get().token }),
    cartChange: ({ trackId, lic }) => change("/lines", { track_id: trackId, license_type_id: lic }),
    cartRemove: ({ trackId }) => change("/remove", { track_id: trackId }),
    cartLook: look,
  });

  if (channel) {
    scope.add(() => channel.close());
    scope.on(channel, "message", ({ data }) => {
      if (typeof data !== "string") return;
      held = data;
      void look();
    });
  }
  scope.on(window, "storage", ({ key, newValue }) => {
    if (key !== KEY) return;
    held = newValue ?? "";
    void look();
  });
  scope.on(document, "visibilitychange", () => document.hidden || void look());
  store.follow(["token"], () => void look()); // now, and when an order was paid
}
