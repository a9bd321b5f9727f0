/** An order's page that waits: asks for its public state and loads itself anew when it has settled. */

const PAUSES = [1000, 2000, 2000, 4000, 4000, 8000];
const LAST_PAUSE = 15000;
const LOOKS_AT_STRIPE_EVERY = 5;

export function startOrder(root) {
  const waiting = root.querySelector("[data-order-state]");
  if (!waiting) return;
  let asked = 0;
  const ask = async () => {
    asked += 1;
    try {
      const answer = await fetch(waiting.dataset.orderState, { credentials: "omit", cache: "no-store" });
      const order = answer.ok ? await answer.json() : null;
      // The page itself asks Stripe, so it is loaded now and then also when no webhook arrives.
      if (order?.is_settled || asked % LOOKS_AT_STRIPE_EVERY === 0) {
        window.location.reload();
        return;
      }
    } catch {
      // Offline for a moment: the next round asks again.
    }
    window.setTimeout(ask, PAUSES[asked] ?? LAST_PAUSE);
  };
  window.setTimeout(ask, PAUSES[0]);
}
