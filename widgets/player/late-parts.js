import { createCarrier } from "./carrier.js";
import { createCart } from "./cart.js";
import { createCheckout } from "./checkout.js";
import { byHand } from "./elements/by-hand.js";
import { cartAdd } from "./elements/cart-add.js";
import { cartButton } from "./elements/cart-button.js";
import { cartSheet } from "./elements/cart-sheet.js";
import { licensePicker } from "./elements/license-picker.js";
import { menu } from "./elements/menu.js";
import { soldRows } from "./elements/sold-rows.js";
import { spokenSeek } from "./elements/spoken-seek.js";
import { volumeControl } from "./elements/volume.js";
import { createRenewal } from "./freshness.js";
import { createHostBridge } from "./host-bridge.js";
import { keyboard } from "./keyboard.js";
import { createListening } from "./listening.js";
import { mediaSession } from "./media-session.js";
import { oneAtATime } from "./one-at-a-time.js";
import { order } from "./order.js";
import { theme } from "./theme.js";

/** In this order; each may use what an earlier one put into the parts. */
const PARTS = [
  createCarrier,
  createListening,
  createRenewal,
  createCheckout,
  theme,
  order,
  licensePicker,
  createCart,
  cartAdd,
  cartButton,
  cartSheet,
  menu,
  byHand,
  volumeControl,
  spokenSeek,
  soldRows,
  keyboard,
  mediaSession,
  oneAtATime,
  createHostBridge, // last: what the page said so far is answered by all of the above
];

/** Hand the late parts to the core that asked for them; `words` are all messages of the document's language. */
export function arrive(words) {
  const detail = (parts) => {
    const all = { ...parts, words };
    for (const part of PARTS) part(all);
  };
  document.dispatchEvent(new CustomEvent("late", { detail }));
}
