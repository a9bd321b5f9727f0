const KEYS = {
  " ": ["toggle"],
  k: ["toggle"],
  j: ["nudge", { seconds: -10 }],
  l: ["nudge", { seconds: 10 }],
  m: ["mute"],
};
const TAKES_SPACE = "button,a,select,summary,input:not([type=range])";

/**
 * Space, K, J, L and M while the focus is in the frame; `keys=0` leaves only space (WCAG 2.1.4). The key that
 * called the late script is answered when it is here.
 */
export function keyboard({ scope, ask, config, touch }) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!Object.hasOwn(KEYS, key) || (key !== " " && !config.keys)) return;
    if (event.target.closest?.("dialog") || (key === " " && event.target.closest?.(TAKES_SPACE))) return;
    event.preventDefault();
    ask(...KEYS[key]);
  };
  scope.on(document, "keydown", (event) => event.defaultPrevented || press(event));
  if (touch?.type === "keydown" && !touch.defaultPrevented) press(touch);
}
