const FIXED = { bar: 80, compact: 166 };
const TALLEST_LIST = 450;

/**
 * How tall the player would like to be: its content, whatever the frame's height is, so that asking for
 * it never changes the answer. A list shows at most 450 and scrolls.
 */
export function createHeight(root) {
  return () => {
    const head = root.querySelector(".now").offsetHeight + root.offsetHeight - root.clientHeight;
    const value = FIXED[root.classList[1]] ?? head;
    const list = root.querySelector(".rows");
    return list ? Math.max(352, Math.min(TALLEST_LIST, value + list.scrollHeight + 1)) : value;
  };
}
