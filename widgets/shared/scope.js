/**
 * A scope owns what must end together: listeners, observers, timers, channels.
 *
 * @returns {{on: Function, add: Function, close: Function}}
 */
export function createScope() {
  const endings = new Set();
  const scope = {
    /** Listen until the scope closes. */
    on(target, type, listener, options) {
      target.addEventListener(type, listener, options);
      return scope.add(() => target.removeEventListener(type, listener, options));
    },
    /** Run `ending` when the scope closes; returns a function that runs it earlier. */
    add(ending) {
      endings.add(ending);
      return () => endings.delete(ending) && ending();
    },
    /** End everything, newest first; a closed scope may be used again. */
    close() {
      const waiting = [...endings].reverse();
      endings.clear();
      for (const ending of waiting) ending();
    },
  };
  return scope;
}
