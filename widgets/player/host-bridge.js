import { currentTrack } from "./store.js";

const NAMESPACE = "beat/1";
const LONGEST = 4096; // characters of a message
const MOST_A_SECOND = 50;
const TIME_EVERY = 250; // ms between two timeupdates: at most four a second

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const isTrack = (value) => typeof value === "string" && /^trk_[0-9a-z]{26}$/.test(value);

/** What a page may ask, and how: each returns a wish or nothing. The contract is `embed/PROTOCOL.md`. */
const COMMANDS = {
  play: () => ["play"],
  pause: () => ["pause"],
  toggle: () => ["toggle"],
  next: () => ["skip", { step: 1 }],
  prev: () => ["skip", { step: -1 }],
  seek: ({ value }) => isNumber(value) && ["seek", { seconds: value }],
  load: ({ value }) => isTrack(value) && ["load", { trackId: value }],
  setVolume: ({ value }) => isNumber(value) && ["volume", { value }],
  mute: ({ value }) => typeof value === "boolean" && ["mute", { muted: value }],
  setTheme: ({ value }) => ["auto", "light", "dark"].includes(value) && ["theme", { theme: value }],
};

/**
 * The page around us, if it uses our loader. It says hello once, with a port; from then on everything goes
 * through that port, so no other frame can speak or listen. It never learns tokens or who listens.
 */
export function createHostBridge({ root, scope, store, height }) {
  let port;
  let ask = () => {};
  let spoken = 0;
  let second = 0;

  const emit = (type, detail = {}) => port?.postMessage(JSON.stringify({ type, ...detail }));

  function state() {
    const { paused, time, duration, volume, muted, trackId } = store.get();
    const { title, producer } = currentTrack(store.get());
    return { paused, time, duration, volume, muted, track: { id: trackId, title, producer } };
  }

  function read(data) {
    if (typeof data !== "string" || data.length > LONGEST) return undefined;
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) [second, spoken] = [now, 0];
    spoken += 1;
    if (spoken > MOST_A_SECOND) return undefined;
    try {
      const message = JSON.parse(data);
      return typeof message?.type === "string" ? message : undefined;
    } catch {
      return undefined;
    }
  }

  function hear({ data }) {
    const message = read(data);
    if (!message) return;
    if (message.type === "getState") {
      emit("state", { id: isNumber(message.id) ? message.id : null, value: state() });
    } else if (Object.hasOwn(COMMANDS, message.type)) {
      const wished = COMMANDS[message.type](message);
      if (wished) ask(...wished);
    }
  }

  scope.on(window, "message", (event) => {
    if (event.source !== window.parent || event.source === window || !event.ports[0]) return;
    const message = read(event.data);
    if (message?.ns !== NAMESPACE || message.type !== "hello") return;
    port?.close();
    port = event.ports[0];
    port.onmessage = hear;
    emit("ready", { value: state() });
    emit("height", { value: height() });
  });

  let told = 0;
  store.follow(["paused", "trackId", "time", "error", "licensing"], (now, before) => {
    if (!port || now === before) return;
    if (now.trackId !== before.trackId) emit("trackchange", { value: state().track });
    if (now.paused !== before.paused) emit(now.paused ? "pause" : "play", { value: state() });
    if (now.time !== before.time && performance.now() - told >= TIME_EVERY) {
      told = performance.now();
      emit("timeupdate", { value: { time: now.time, duration: now.duration } });
    }
    if (now.licensing !== before.licensing) {
      if (now.licensing) emit("licenseopen", { value: { trackId: now.licensing } });
      emit("height", { value: height() });
    }
    if (now.error && now.error !== before.error) emit("error", { value: { code: "media", message: now.error } });
  });
  let measured = 0;
  const sizes = new ResizeObserver(() =>
    requestAnimationFrame(() => {
      const value = height();
      if (value !== measured) emit("height", { value });
      measured = value;
    }),
  );
  sizes.observe(root);
  scope.add(() => sizes.disconnect());

  return {
    emit,
    answerWith: (answer) => {
      ask = answer;
    },
    /** Ask the page to open an address of ours; whether there is a page to ask. */
    open: (href) => {
      emit("open", { value: href });
      return Boolean(port);
    },
  };
}
