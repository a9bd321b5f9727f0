/**
 * Another player plays, asked to at `since` (its state says when): the one that was asked last goes on. Whoever hears
 * of an earlier one while it sounds announces itself again: the other had no ears when it was told first, because
 * late parts come when they come. Who does not say since when (a loader before 1.2.0) is believed.
 */
export function heed({ store, ask }, since, announce) {
  const state = store.get();
  if (!(since < state.since)) ask("pause");
  else if (!state.paused) announce();
}

/**
 * When this player starts, others of ours fall silent: frames on the same page and in other tabs of the
 * same site hear it here, the rest through the loader. `single=0` leaves both alone.
 */
export function oneAtATime(parts) {
  const { scope, store, config } = parts;
  if (!config.single || typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel("beat/1");
  const announce = () => channel.postMessage({ playing: store.get().since });
  scope.add(() => channel.close());
  scope.on(channel, "message", ({ data }) => data?.playing && heed(parts, data.playing, announce));
  store.follow(["paused"], ({ paused }) => paused || announce());
}
