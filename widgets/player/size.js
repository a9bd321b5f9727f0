const FIXED = { bar: 80, compact: 166 };
const LIST = 352;
const TALLEST_LIST = 450;

/**
 * How tall the player would like to be: the room that the page gave it when that is enough, so that nothing in the
 * page moves when it comes; else what its content needs. A list shows at most 450 and scrolls. The frame's height
 * from then on changes nothing, so that asking for it never changes the answer.
 */
export function createHeight(root) {
  const room = Math.min(innerHeight, 1200);
  return () => {
    const head = root.querySelector(".now").offsetHeight + root.offsetHeight - root.clientHeight;
    const value = FIXED[root.classList[1]] ?? head;
    const list = root.querySelector(".rows");
    if (room >= (list ? LIST : value)) return room;
    return list ? Math.max(LIST, Math.min(TALLEST_LIST, value + list.scrollHeight + 1)) : value;
  };
}
