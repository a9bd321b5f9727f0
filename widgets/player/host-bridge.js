const LONGEST = 4096; // characters of a message
const MOST_A_SECOND = 50;
const TIME_EVERY = 250; // ms between two timeupdates: at most four a second
const PICKER = 420; // CSS pixels that an open license picker asks for

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
 */
export function createHostBridge({ root, scope, store, ask, hear, door }) {
  const { emit } = door;
  let spoken = 0;
  let second = 0;
  const height = () => (store.get().licensing ? Math.max(door.height(), PICKER) : door.height());

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

  door.open(({ target, data }) => {
    if (target !== door.port) return;
    const message = read(data);
    if (!message) return;
    if (message.type === "getState") {
      emit("state", { id: isNumber(message.id) ? message.id : null, value: door.state() });
    } else if (Object.hasOwn(COMMANDS, message.type)) {
      const wished = COMMANDS[message.type](message);
      if (wished) ask(...wished);
    }
  });

  hear((fact) => (fact === "ended" || fact === "seeked") && emit(fact));

  let told = 0;
  let before = { ...store.get(), paused: true };
  store.follow(["paused", "trackId", "time", "error", "licensing"], (now) => {
    const last = before;
    before = now;
    if (now.trackId !== last.trackId) emit("trackchange", { value: door.state().track });
    if (now.paused !== last.paused) emit(now.paused ? "pause" : "play", { value: door.state() });
    if (now.time !== last.time && performance.now() - told >= TIME_EVERY) {
      told = performance.now();
      emit("timeupdate", { value: { time: now.time, duration: now.duration } });
    }
    if (now.licensing !== last.licensing) {
      if (now.licensing) emit("licenseopen", { value: { trackId: now.licensing } });
      emit("height", { value: height() });
    }
    if (now.error && now.error !== last.error) emit("error", { value: { code: "media", message: now.error } });
  });
  let measured = height();
  const sizes = new ResizeObserver(() =>
    requestAnimationFrame(() => {
      const value = height();
      if (value !== measured) emit("height", { value });
      measured = value;
    }),
  );
  sizes.observe(root);
  scope.add(() => sizes.disconnect());
}
