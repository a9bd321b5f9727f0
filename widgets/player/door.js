import { createHeight } from "./size.js";
import { currentTrack } from "./store.js";

const MOST_WAITING = 50;

/**
 * The page around us knocks here. Its hello brings a port, which is answered with `ready`; everything else
 * that it says waits, with the port, for the late script (`door.open(listener)` hands it over in order).
 */
export function createDoor(parts) {
  const { root, scope, store, need } = parts;
  const waiting = [];
  let listener;
  const height = createHeight(root);
  const door = { height };
  parts.door = door;

  const hear = (...heard) => {
    if (listener) listener(...heard);
    else if (waiting.length < MOST_WAITING) {
      waiting.push(heard);
      void need();
    }
  };
  /** What a page may know of the player. */
  door.state = () => {
    const { paused, time, duration, volume, muted, trackId } = store.get();
    const { title, producer } = currentTrack(store.get());
    return { paused, time, duration, volume, muted, track: { id: trackId, title, producer } };
  };
  door.emit = (type, detail) => door.port?.postMessage(JSON.stringify({ type, ...detail }));
  door.open = (hearer) => {
    listener = hearer;
    for (const heard of waiting.splice(0)) hearer(...heard);
  };

  scope.on(window, "message", (event) => {
    const { data, source, ports } = event;
    if (source !== parent || source === window) return;
    if (!/^{[^]{0,4095}$/.test(data) || !ports[0]) {
      hear(event);
      return;
    }
    let message;
    try {
      message = JSON.parse(data);
    } catch {}
    if (message?.ns !== "beat/1" || message.type !== "hello") return;
    door.port?.close();
    door.port = ports[0];
    door.port.onmessage = (spoken) => hear(spoken);
    door.emit("ready", { value: door.state() });
    door.emit("height", { value: height() });
  });
}
