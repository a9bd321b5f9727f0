import { createGate } from "./gate.js";
import { heed } from "./one-at-a-time.js";
import { createPlayerJs } from "./player-js.js";
import { createProgress } from "./progress.js";
import { createWordPress } from "./wordpress.js";

const TIME_EVERY = 250; // ms between two timeupdates: at most four a second
const PICKER = 420; // CSS pixels that an open license picker or cart asks for

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
 * The page around us, if it uses our loader. It said hello at the door and gave a port; everything goes
 * through that port, so no other frame can speak or listen. It never learns tokens or who listens.
 * What comes to the window instead is Player.js.
 */
export function createHostBridge(parts) {
  const { root, scope, store, config, ask, hear, door, reports } = parts;
  const { emit } = door;
  const gate = createGate();
  const progress = createProgress(parts);
  const playerJs = createPlayerJs(parts, progress);
  const wordpress = createWordPress();
  const isOpen = ({ licensing, sheet }) => Boolean(licensing || sheet);
  const height = () => (isOpen(store.get()) ? Math.max(door.height(), PICKER) : door.height());

  let measured = height();
  function grow() {
    measured = height();
    emit("height", { value: measured });
    wordpress.grow(measured);
  }

  /** What asks for no wish. */
  const others = {
    getState: ({ id }) => emit("state", { id: isNumber(id) ? id : null, value: door.state() }),
    hush: ({ value }) => config.single && heed(parts, value, () => emit("hush", { value: { since: store.get().since } })),
    refresh: () => ask("renew"),
    consent({ value }) {
      if (typeof value === "boolean") reports.consent = value;
    },
  };

  hear((fact) => (fact === "ended" || fact === "seeked") && emit(fact));
  progress.follow((value) => emit("progress", { value }));
  progress.qualified(() => emit("qualified", { value: { trackId: store.get().trackId } }));

  let told = 0;
  let before = { ...store.get(), paused: true };
  store.follow(["paused", "trackId", "time", "error", "licensing", "sheet"], (now) => {
    const last = before;
    before = now;
    if (now.trackId !== last.trackId) emit("trackchange", { value: door.state().track });
    if (now.paused !== last.paused) emit(now.paused ? "pause" : "play", { value: door.state() });
    if (now.time !== last.time && performance.now() - told >= TIME_EVERY) {
      told = performance.now();
      emit("timeupdate", { value: { time: now.time, duration: now.duration } });
    }
    if (now.licensing && now.licensing !== last.licensing) {
      emit("licenseopen", { value: { trackId: now.licensing } });
    }
    if (isOpen(now) !== isOpen(last)) grow();
    if (now.error && now.error !== last.error) emit("error", { value: { code: "media", message: now.error } });
  });
  const sizes = new ResizeObserver(() =>
    requestAnimationFrame(() => {
      if (height() !== measured) grow();
    }),
  );
  sizes.observe(root);
  scope.add(() => sizes.disconnect());
  wordpress.grow(measured);

  // Last, so that the page hears of sound that began before it hears what its own early wishes made of it.
  door.open((event) => {
    if (event.target === window && !wordpress.hear(event, height)) playerJs(event);
    if (event.target !== door.port) return;
    const message = typeof event.data === "string" && gate(event.data);
    if (!message) return;
    if (Object.hasOwn(others, message.type)) others[message.type](message);
    else if (Object.hasOwn(COMMANDS, message.type)) {
      const wished = COMMANDS[message.type](message);
      if (wished) ask(...wished);
    }
  });
}
