const PATIENCE = 1500; // ms until a tab that did not open is noticed (embed-spec 12.4)
const PAUSES = [2, 4, 8]; // seconds between looks at an order, then
const LAST_PAUSE = 15;
const LOOKS = 45; // about ten minutes

/** An address to copy, or to take with a phone: as short as it can be, so without our session. */
function byHand(address, words) {
  const short = new URL(address);
  short.searchParams.delete("s");
  const { href, pathname, search } = short;
  return { text: words.open_to_pay, link: href, href, code: `/embed/v1/code.svg?${new URLSearchParams({ to: pathname + search })}` };
}

/**
 * What happens around a buy link that opens beside the page. Where a sandbox swallows it, a page with our
 * loader is asked through the port, and else the listener is shown the address. The order is followed by
 * the public token that the link carries; when the listener comes back, the player looks what was sold.
 *
 * Gives the parts `onCheckout(trackId, order, address)`.
 */
export function createCheckout(parts) {
  const { root, scope, store, door, ask, tell, words } = parts;
  let waiting;
  let isAway = false;
  const left = () => clearTimeout(waiting);

  scope.on(window, "blur", left);
  scope.on(document, "visibilitychange", () => {
    left();
    if (!document.hidden && isAway) {
      isAway = false;
      void ask("renew");
    }
  });

  async function follow(order, trackId) {
    for (let look = 0; look < LOOKS; ) {
      await new Promise((resume) => setTimeout(resume, 1000 * (PAUSES[look] ?? LAST_PAUSE)));
      if (document.hidden) continue;
      look += 1;
      const answer = await fetch(`/embed/v1/orders/${order}`, { credentials: "omit" }).catch(() => null);
      const { state, is_settled: isSettled } = answer?.ok ? await answer.json() : {};
      if (!isSettled) continue;
      door.emit("purchase", { value: { state, trackId } });
      if (state === "paid") store.set({ notice: { text: words.thanks } });
      return ask("renew");
    }
    return undefined;
  }

  parts.onCheckout = (trackId, order, address) => {
    isAway = true;
    tell("checkout", trackId);
    door.emit("checkout", { value: { trackId } });
    void follow(order, trackId);
    const secret = /secret=(\w+)/.exec(location.hash)?.[1];
    if (secret) parent.postMessage({ message: "link", value: address, secret }, "*"); // WordPress opens it (3.1)
    const isBound = window.origin === "null";
    const show = () => {
      for (const dialog of root.querySelectorAll("dialog[open]")) dialog.close();
      const again = { text: words.checkout_opens, link: words.open_again, href: address };
      store.set({ notice: isBound ? byHand(address, words) : again });
    };
    waiting = setTimeout(() => {
      if (!isBound || !door.port) {
        show();
        return;
      }
      door.emit("open", { value: address });
      waiting = setTimeout(show, PATIENCE);
    }, PATIENCE);
  };
}
