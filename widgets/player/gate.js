const LONGEST = 4096; // characters of a message
const MOST_A_SECOND = 50;

/**
 * What a page may make us read: `gate(data)` is the message of a text or an object, or undefined when it is
 * none, too long, or one too many in this second. Prototypes are never looked at: names are asked of tables
 * by `Object.hasOwn`, and values by their type.
 */
export function createGate({ now = () => performance.now() } = {}) {
  let spoken = 0;
  let second = 0;
  return (data) => {
    const current = Math.floor(now() / 1000);
    if (current !== second) [second, spoken] = [current, 0];
    spoken += 1;
    if (spoken > MOST_A_SECOND) return undefined;
    try {
      const message = typeof data === "string" ? data.length <= LONGEST && JSON.parse(data) : data;
      return message && typeof message === "object" ? message : undefined;
    } catch {
      return undefined;
    }
  };
}
