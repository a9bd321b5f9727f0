import { createGate } from "./gate.js";
import { isGoing } from "./store.js";

const TIME_EVERY = 250; // ms between two timeupdates
const MOST_LISTENERS = 64; // for each event
const EVENTS = ["ready", "play", "pause", "ended", "timeupdate", "progress", "seeked", "error"];
const [UNDEFINED, UNSUPPORTED, NO_METHOD] = [-1, 1, 2];

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const isName = (value) => ["string", "number"].includes(typeof value) && String(value).length <= 200;

/**
 * Player.js, the receiver's side (github.com/embedly/player.js, SPEC.rst): the common floor of pages that
 * drive players of many makers. Heard are messages of our parent only, which the door sees to; the origin of
 * the first valid one is the one that is answered. Nothing is said that nobody asked for but `ready`.
 *
 * Returns `hear(event)`.
 */
export function createPlayerJs({ scope, store, ask, hear, door }, progress) {
  const gate = createGate();
  const listeners = new Map(EVENTS.map((name) => [name, new Set()]));
  let origin = null;
  let sought = 0;
  let set = {}; // volume and mute as they were set last, until the element says so itself

  const target = () => (origin === "null" ? "*" : origin);
  const say = (event, value, listener) =>
    parent.postMessage(JSON.stringify({ context: "player.js", version: "0.0.11", event, value, listener }), target());
  const tell = (event, value) => {
    for (const listener of listeners.get(event)) say(event, value, listener ?? undefined);
  };
  const complain = (code, msg) => tell("error", { code, msg });

  /** A setter takes a number, or complains. */
  const numeric = (name, action) => (value) =>
    isNumber(value) ? action(value) : complain(UNSUPPORTED, `${name} takes a number.`);

  function mute(muted) {
    ask("mute", { muted });
    set = { ...set, muted };
  }

  const setters = {
    play: () => ask("play"),
    pause: () => ask("pause"),
    mute: () => mute(true),
    unmute: () => mute(false),
    setVolume: numeric("setVolume", (percent) => {
      const value = Math.min(Math.max(percent, 0), 100) / 100;
      if (ask("volume", { value })) set = value > 0 ? { volume: value, muted: false } : { ...set, volume: value };
    }),
    setLoop: (value) => store.set({ loop: value ? "all" : "off" }),
    setCurrentTime: numeric("setCurrentTime", (seconds) => {
      const before = sought;
      ask("seek", { seconds });
      if (before === sought) tell("seeked"); // nothing is loaded yet: it will begin there
    }),
    addEventListener(name, listener) {
      const wanted = listeners.get(name);
      if (!wanted) complain(UNSUPPORTED, `There is no event ${String(name).slice(0, 40)}.`);
      else if (wanted.size < MOST_LISTENERS) {
        wanted.add(listener);
        if (name === "ready") parent.postMessage(door.greeting(listener ?? undefined), target());
      }
    },
    removeEventListener: (name, listener) => listeners.get(name)?.delete(listener),
  };
  const getters = {
    getPaused: () => !isGoing(store.get()),
    getMuted: () => ({ ...store.get(), ...set }).muted,
    getVolume: () => Math.round({ ...store.get(), ...set }.volume * 100),
    getDuration: () => store.get().duration,
    getCurrentTime: () => store.get().time,
    getLoop: () => store.get().loop !== "off",
  };

  hear((fact) => {
    if (fact === "seeked") sought += 1;
    if (fact === "seeked" || fact === "ended") tell(fact);
  });
  store.follow(["volume", "muted"], () => {
    set = {};
  });
  progress.follow((value) => tell("progress", value));
  let told = 0;
  let before = { ...store.get(), paused: true };
  store.follow(["paused", "time", "error"], (now) => {
    const last = before;
    before = now;
    if (now.paused !== last.paused) tell(now.paused ? "pause" : "play");
    if (now.time !== last.time && performance.now() - told >= TIME_EVERY) {
      told = performance.now();
      tell("timeupdate", { seconds: now.time, duration: now.duration });
    }
    if (now.error && now.error !== last.error) complain(UNDEFINED, now.error);
  });
  scope.add(() => listeners.forEach((wanted) => wanted.clear()));

  return ({ data, origin: from }) => {
    if (origin !== null && from !== origin) return;
    const message = gate(data);
    if (message?.context !== "player.js" || typeof message.method !== "string") return;
    origin = from;
    const { method, value } = message;
    const listener = isName(message.listener) ? message.listener : null;
    if (Object.hasOwn(getters, method)) say(method, getters[method](), listener ?? undefined);
    else if (Object.hasOwn(setters, method)) setters[method](value, listener);
    else complain(NO_METHOD, `There is no method ${method.slice(0, 40)}.`);
  };
}
