import { OPTIONS, PROPERTIES } from "./attributes.js";
import { attempt } from "./attempt.js";
import { createFacade } from "./facade.js";
import { make } from "./make.js";
import { origin } from "./origin.js";
import { consented, players, tell } from "./players.js";

const HEIGHTS = { bar: 80, compact: 166, card: 500 };
const LIST = 352;
const LONGEST = 4096; // characters of a message
const WAITING_AT_MOST = 40; // messages until the frame is there
const FRAME = "visibility:hidden;position:absolute;inset:0;border:0;width:100%;height:100%;border-radius:14px";
const IDLE = { track: null, paused: true, muted: false, time: 0, duration: 0, volume: 1 };

const tall = (height) => `clamp(80px,${height}px,1200px)`;

/** One player, from its facade to its frame and back. */
export function createLife(element) {
  const option = (name) => element.getAttribute(name);
  const answers = [];
  let waiting = [];
  let state = IDLE;
  let frame, port, nearness, agreed, isReady;

  const facade = createFacade(element, (event) => {
    event.preventDefault();
    attempt(play);
  });

  /** The room is there before anything is loaded. */
  function shape() {
    const width = parseInt(option("width"));
    const height = tall(parseInt(option("height")) || HEIGHTS[option("layout")] || LIST);
    element.style.cssText += `;position:relative;display:block;max-width:100%;height:${height}`;
    if (width) element.style.width = `${width}px`;
  }

  function join() {
    // Properties that were set before the element was known become its attributes.
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(element, name)) continue;
      const value = element[name];
      delete element[name];
      element[name] = value;
    }
    players.set(element, life);
    shape();
    nearness = new IntersectionObserver((entries) => entries.pop().isIntersecting && attempt(load), {
      rootMargin: "300px",
    });
    nearness.observe(element);
  }

  function leave() {
    players.delete(element);
    nearness?.disconnect();
    port?.close();
    element.shadowRoot.replaceChildren(facade);
    frame = port = isReady = undefined;
    waiting = [];
    state = IDLE;
    answers.splice(0).forEach((answer) => answer(state));
  }

  function load(autoplay) {
    const target = option("app") || option("track");
    if (frame || !/^(app|trk)_\w+$/.test(target)) return;
    nearness?.disconnect();
    const query = new URLSearchParams("via=script");
    for (const name of OPTIONS) {
      const value = option(name);
      if (value != null) query.set(name.replace("-", "_"), value || 1);
    }
    if (autoplay) query.set("autoplay", 1);
    if (option("key")) query.set("k", option("key"));
    frame = make("iframe", {
      title: option("title") || element.textContent || "Beat player",
      allow: "autoplay;clipboard-write",
      loading: autoplay ? "eager" : "lazy",
      src: `${origin}/embed/v1/${target}?${query}`,
      onload: () => attempt(greet),
    });
    // Hidden until it is ready: a tap still meets the facade, and a frame that was refused never shows.
    frame.style.cssText = FRAME;
    element.shadowRoot.append(frame);
  }

  /** Hand the frame its end of a port; only our origin can take it. */
  function greet() {
    const { port1, port2 } = new MessageChannel();
    port?.close();
    port = port1;
    port.onmessage = ({ data }) => attempt(() => data.length <= LONGEST && hear(JSON.parse(data)));
    frame.contentWindow.postMessage('{"ns":"beat/1","type":"hello"}', origin, [port2]);
  }

  function hear({ type, value }) {
    state = { ...state, ...(type === "trackchange" ? { track: value } : value) };
    if (type === "height" && value > 0) element.style.height = tall(value);
    // Whatever says since when it sounds; a player with `single=0` does not.
    if (value?.since && !state.paused) tellOthers("hush", value.since);
    if (type === "purchase") tellOthers("refresh");
    if (type === "ready") begin();
    if (type === "open" && value.startsWith(`${origin}/`)) self.open(value, "_blank", "noopener");
    if (type === "state") answers.shift()?.(value);
    element.dispatchEvent(new CustomEvent(`beat:${type}`, { bubbles: true, detail: value }));
    tell({ type, detail: value, player: element });
  }

  const tellOthers = (type, value) => players.forEach((other) => other !== life && other.relay(type, value));

  function begin() {
    isReady = true;
    facade.remove();
    frame.style.visibility = "";
    send("consent", agreed ?? consented);
    waiting.splice(0).forEach((message) => port.postMessage(message));
  }

  function send(type, value) {
    const message = JSON.stringify({ type, value });
    if (isReady) port.postMessage(message);
    else if (waiting.length < WAITING_AT_MOST) waiting.push(message);
  }

  function play() {
    load(true);
    send("play");
  }

  const life = {
    state: () => state,
    play,
    pause: () => send("pause"),
    toggle: () => (frame ? send("toggle") : play()),
    next: () => send("next"),
    prev: () => send("prev"),
    seek: (seconds) => send("seek", +seconds),
    load: (trackId) => send("load", trackId),
    setVolume: (volume) => send("setVolume", +volume),
    mute: (muted = true) => send("mute", !!muted),
    setTheme: (theme) => (element.theme = theme),
    /** Resolves to `{paused, time, duration, volume, muted, track}`. */
    getState: () =>
      new Promise((resolve) => {
        if (!frame) return resolve(state);
        answers.push(resolve);
        return send("getState");
      }),
    consent(given = true) {
      agreed = given;
      if (isReady) send("consent", agreed);
    },
    /** The page's own link stands where the player was. */
    destroy: () => element.replaceWith(...element.childNodes),
    /** Another player of the page plays, or sold something. */
    relay: (type, value) => isReady && send(type, value),
    connectedCallback: join,
    disconnectedCallback: leave,
    /** `moveBefore()` keeps the frame and its sound. */
    connectedMoveCallback() {},
    /** Several changes in a row make one new frame, because the observer answers later. */
    attributeChangedCallback(name, before, after) {
      if (!players.has(element) || before === after) return;
      if (name === "theme" && frame) send("setTheme", after || "auto");
      else if (/width|height|title/.test(name)) shape();
      else {
        leave();
        join();
      }
    },
  };
  return life;
}
