/**
 * When this player starts, others of ours fall silent: frames on the same page and in other tabs of the
 * same site hear it here, the rest through the loader. `single=0` leaves both alone.
 */
export function oneAtATime({ scope, store, ask, config }) {
  if (!config.single || typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel("beat/1");
  const self = Math.random().toString(36).slice(2);
  scope.add(() => channel.close());
  scope.on(channel, "message", ({ data }) => {
    if (data?.playing && data.playing !== self) ask("pause");
  });
  store.follow(["paused"], ({ paused }) => paused || channel.postMessage({ playing: self }));
}
