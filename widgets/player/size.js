const FIXED = { bar: 80, compact: 166 };
const TALLEST_LIST = 450;
const PICKER = 420;

/**
 * How tall the player would like to be: its content, whatever the frame's height is, so that asking for
 * it never changes the answer. A list shows at most 450 and scrolls; an open license picker asks for room.
 */
export function createHeight({ root, store }) {
  return function height() {
    const now = root.querySelector(".now");
    const list = root.querySelector(".rows");
    const edge = root.offsetHeight - root.clientHeight;
    let value = FIXED[root.classList[1]] ?? now.offsetHeight + edge;
    if (list) {
      const rows = [...list.children].reduce((sum, row) => sum + row.offsetHeight, 1);
      value = Math.max(352, Math.min(TALLEST_LIST, value + rows));
    }
    return store.get().licensing ? Math.max(value, PICKER) : value;
  };
}
