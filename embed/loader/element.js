import { ATTRIBUTES, PROPERTIES } from "./attributes.js";
import { attempt } from "./attempt.js";
import { createLife } from "./life.js";

export const TAG = "beat-player";

/** What a page may call, and what the browser does; the answers are the life's. */
const METHODS =
  "play pause toggle next prev seek load setVolume mute setTheme getState consent destroy " +
  "connectedCallback connectedMoveCallback disconnectedCallback attributeChangedCallback";

/** Property, the state's fact, and the method that sets it. */
const FACTS = "paused duration currentTrack:track volume::setVolume muted::mute currentTime:time:seek";

/** `<beat-player>`: attributes reflect, and nothing it does throws into the page. */
export function defineElement() {
  const lives = new WeakMap();
  class BeatPlayer extends HTMLElement {
    static get observedAttributes() {
      return ATTRIBUTES;
    }
    constructor() {
      super();
      attempt(() => lives.set(this, createLife(this)));
    }
    /** Hear one event of this player. */
    on(type, listener) {
      this.addEventListener(`beat:${type}`, listener);
    }
    off(type, listener) {
      this.removeEventListener(`beat:${type}`, listener);
    }
  }
  const { prototype } = BeatPlayer;
  const properties = {};
  const define = (name, get, set) => (properties[name] = { get, set });
  for (const name of METHODS.split(" ")) {
    prototype[name] = function call(...values) {
      return attempt(() => lives.get(this)[name](...values));
    };
  }
  ATTRIBUTES.forEach((attribute, place) =>
    define(
      PROPERTIES[place],
      function get() {
        return this.getAttribute(attribute);
      },
      function set(value) {
        if (value == null || value === false) this.removeAttribute(attribute);
        else this.setAttribute(attribute, value === true ? 1 : value);
      },
    ),
  );
  for (const each of FACTS.split(" ")) {
    const [name, fact, method] = each.split(":");
    define(
      name,
      function get() {
        return lives.get(this).state()[fact || name];
      },
      function set(value) {
        this[method]?.(value);
      },
    );
  }
  Object.defineProperties(prototype, properties);
  customElements.define(TAG, BeatPlayer);
}
