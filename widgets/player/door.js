import { createHeight } from "./size.js";
import { currentTrack, isGoing } from "./store.js";

const MOST_WAITING = 50;
const EVENTS = "ready play pause ended timeupdate progress seeked error";
const METHODS =
  "play pause mute unmute getPaused getMuted getDuration getVolume setVolume getLoop setLoop getCurrentTime setCurrentTime addEventListener removeEventListener";

/**
 * The page around us knocks here: our loader with a port, which is answered with `ready`; Player.js, greeted at
 * once; WordPress, known by the secret in our address. What they say waits for the late script
 * (`door.open(listener)` hands it over in order); the page's own noise, and what may as well wait for a
 * touch, does not fetch it.
 */
export function createDoor(parts) {
  const { root, scope, store, need } = parts;
  const { hash, href } = location;
  const waiting = [];
  let listener;
  const height = createHeight(root);
  const door = { height };
  parts.door = door;

  const textOf = ({ data }) => (typeof data === "string" ? data : "");
  const hear = (event) => {
    if (listener) listener(event);
    else if (waiting.length < MOST_WAITING) {
      waiting.push(event);
      if (!/"consent"/.test(textOf(event))) void need();
    }
  };
  /** What a page may know of the player. */
  door.state = () => {
    const { paused, time, duration, volume, muted, trackId, since } = store.get();
    const { title, producer } = currentTrack(store.get());
    return { paused, time, duration, volume, muted, since, track: { id: trackId, title, producer } };
  };
  door.emit = (type, detail) => door.port?.postMessage(JSON.stringify({ type, ...detail }));
  door.open = (hearer) => {
    listener = hearer;
    for (const heard of waiting.splice(0)) hearer(heard);
  };
  /** Player.js's `ready`: it says nothing but our own address, so that also a page not known yet may have it. */
  door.greeting = (to) =>
    JSON.stringify({
      context: "player.js",
      version: "0.0.11",
      event: "ready",
      value: { src: href, events: EVENTS.split(" "), methods: METHODS.split(" ") },
      listener: to,
    });

  scope.on(window, "message", (event) => {
    const { data, source, ports } = event;
    if (source !== parent || source === window) return;
    const text = textOf(event);
    if (ports[0]) {
      if (/"beat\/1"/.test(text) && /"hello"/.test(text)) welcome(ports[0]);
    } else if (data?.secret || data?.context === "player.js" || /player\.js/.test(text)) hear(event);
  });

  function welcome(port) {
    door.port?.close();
    door.port = port;
    port.onmessage = (event) => (isGoing(store.get()) || !/"hush"/.test(textOf(event))) && hear(event);
    door.emit("ready", { value: door.state() });
    door.emit("height", { value: height() });
  }

  parent.postMessage(door.greeting(), "*");
  if (/secret=/.test(hash)) void need();
}
