/**
 * The player's state, flowing down: elements follow the facts they show, until the scope closes, and never
 * write them.
 */
export function createStore(scope, initial) {
  let state = initial;
  const followers = new Set();
  return {
    get: () => state,
    /** Change some facts; followers of changed ones are told once. */
    set(patch) {
      const before = state;
      const changed = Object.keys(patch).filter((name) => before[name] !== patch[name]);
      if (!changed.length) return;
      state = { ...before, ...patch };
      for (const [names, follower] of [...followers]) {
        if (names.some((name) => changed.includes(name))) follower(state, before);
      }
    },
    /** Call `follower(state, before)` now and whenever one of the named facts changes. */
    follow(names, follower) {
      const entry = [names, follower];
      followers.add(entry);
      scope.add(() => followers.delete(entry));
      follower(state, state);
    },
  };
}

/** The track that is loaded, or the one named. */
export const currentTrack = ({ tracks, trackId }, id = trackId) => tracks.find((track) => track.id === id);

/** Whether a track has been sold exclusively: it neither plays nor sells. */
export const isSold = ({ sold, trackId }, id = trackId) => sold.includes(id);

/** Whether sound is there or on its way. */
export const isGoing = ({ paused, waiting }) => !paused || waiting;
