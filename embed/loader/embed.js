/**
 * Flexapp's loader: <beat-player app="app_…" key="…"> and containers with data-beat-player.
 *
 * One file, no dependency, one global (`BeatPlayer`). It keeps the link inside as a facade, makes the frame
 * when it comes near the viewport or is asked for, and speaks with it through a port of its own.
 * The contract is embed/PROTOCOL.md; whatever goes wrong here never reaches the page.
 */
(() => {
  const TAG = "beat-player";
  const VERSION = "1.0.0";
  const ATTRIBUTES = ["app", "track", "key", "layout", "theme", "color", "bg", "start-track", "t"];
  const FLAGS = ["art", "list", "buy", "loop", "single", "keys", "dnt"];
  const HEIGHTS = { bar: 80, compact: 166, list: 352, card: 500 };
  const EVENTS = "ready play pause ended seeked timeupdate trackchange licenseopen checkout purchase height error".split(" ");
  const NEAR = "300px";
  const [SHORTEST, TALLEST] = [80, 1200];

  const earlier = window.BeatPlayer;
  if (earlier && earlier.version) return;

  const origin = new URL(document.currentScript ? document.currentScript.src : location.href).origin;
  const players = new Set();
  const listeners = [];
  let warmed = false;

  const attempt = (action) => {
    try {
      return action();
    } catch (error) {
      setTimeout(() => window.console && console.warn("BeatPlayer:", error));
      return undefined;
    }
  };

  /** Open the connection once the hand comes near. */
  const warm = () => {
    if (warmed) return;
    warmed = true;
    const link = document.createElement("link");
    link.rel = "preconnect";
    link.href = origin;
    document.head.append(link);
  };

  class BeatPlayerElement extends HTMLElement {
    static observedAttributes = ["app", "track", "key", "layout", "color", "bg", "theme"];

    #frame = null;
    #port = null;
    #state = { paused: true, time: 0, duration: 0, volume: 1, muted: false, track: null };
    #waiting = [];
    #isReady = false;
    #seen = null;
    #box = null;
    #asked = 0;
    #answers = new Map();

    connectedCallback() {
      attempt(() => {
        for (const name of ["app", "track", "key", "layout", "theme"]) this.#adopt(name);
        this.#shape();
        players.add(this);
        if (!("IntersectionObserver" in window)) return this.#open();
        this.#seen = new IntersectionObserver(
          (entries) => entries.some((entry) => entry.isIntersecting) && attempt(() => this.#open()),
          { rootMargin: NEAR },
        );
        this.#seen.observe(this);
        return undefined;
      });
    }

    disconnectedCallback() {
      players.delete(this);
      this.#shut();
    }

    attributeChangedCallback(name, before, after) {
      if (before === after || !this.#frame) return;
      if (name === "theme" && ["auto", "light", "dark"].includes(after)) {
        this.#send("setTheme", after);
        return;
      }
      attempt(() => {
        this.#shut();
        this.#shape();
        this.#open();
      });
    }

    get paused() {
      return this.#state.paused;
    }
    get duration() {
      return this.#state.duration;
    }
    get currentTime() {
      return this.#state.time;
    }
    set currentTime(seconds) {
      this.seek(seconds);
    }
    get volume() {
      return this.#state.volume;
    }
    set volume(value) {
      this.#send("setVolume", Number(value));
    }
    get muted() {
      return this.#state.muted;
    }
    set muted(value) {
      this.#send("mute", Boolean(value));
    }
    /** `{id, title, producer}` of the loaded track, null before the player is ready. */
    get currentTrack() {
      return this.#state.track;
    }

    play() {
      this.#open({ autoplay: true });
      this.#send("play");
    }
    pause() {
      this.#send("pause");
    }
    toggle() {
      if (this.#frame) this.#send("toggle");
      else this.play();
    }
    next() {
      this.#send("next");
    }
    prev() {
      this.#send("prev");
    }
    seek(seconds) {
      this.#send("seek", Number(seconds));
    }
    load(trackId) {
      this.#send("load", String(trackId));
    }
    /** Resolves to `{paused, time, duration, volume, muted, track}`. */
    getState() {
      return new Promise((resolve) => {
        const id = (this.#asked += 1);
        this.#answers.set(id, resolve);
        this.#send("getState", undefined, { id });
      });
    }

    /** A property that was set before the element was known becomes its attribute. */
    #adopt(name) {
      if (!Object.hasOwn(this, name)) return;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }

    /** The facade: room of the player's size with the page's own link in it. */
    #shape() {
      const layout = this.getAttribute("layout");
      const height = clamp(parseInt(this.getAttribute("height"), 10) || HEIGHTS[layout] || HEIGHTS.list);
      const width = parseInt(this.getAttribute("width"), 10);
      Object.assign(this.style, {
        display: "block",
        position: "relative",
        height: `${height}px`,
        maxWidth: "100%",
        ...(width ? { width: `${width}px` } : {}),
      });
      if (this.#box) return;
      this.#box = this.shadowRoot || this.attachShadow({ mode: "open" });
      const facade = document.createElement("div");
      Object.assign(facade.style, {
        boxSizing: "border-box",
        height: "100%",
        display: "flex",
        alignItems: "center",
        justifyContent: "center",
        padding: "0 20px",
        border: "1px solid rgba(128,120,130,.35)",
        borderRadius: "14px",
        font: "600 15px/1.4 system-ui,sans-serif",
        textAlign: "center",
        cursor: "pointer",
        overflow: "hidden",
      });
      facade.append(document.createElement("slot"));
      this.#box.append(facade);
      facade.addEventListener("pointerenter", warm, { once: true });
      facade.addEventListener("focusin", warm, { once: true });
      facade.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        attempt(() => this.#open({ autoplay: true }));
      });
    }

    #open({ autoplay = false } = {}) {
      const target = this.getAttribute("app") || this.getAttribute("track");
      if (this.#frame || !this.isConnected || !/^(app|trk)_[0-9a-z]{26}$/.test(target || "")) return;
      if (this.#seen) this.#seen.disconnect();
      const frame = document.createElement("iframe");
      frame.src = `${origin}/embed/v1/${target}${this.#query(autoplay)}`;
      frame.title = this.title || this.textContent.trim() || "Beat player";
      frame.allow = "autoplay; clipboard-write; encrypted-media";
      frame.loading = autoplay ? "eager" : "lazy";
      Object.assign(frame.style, {
        position: "absolute",
        inset: "0",
        width: "100%",
        height: "100%",
        border: "0",
        borderRadius: "14px",
        opacity: "0",
      });
      frame.addEventListener("load", () => attempt(() => this.#greet(frame)), { once: true });
      this.#frame = frame;
      this.#box.append(frame);
    }

    #query(autoplay) {
      const query = new URLSearchParams();
      for (const name of ATTRIBUTES.slice(3)) {
        const value = this.getAttribute(name);
        if (value) query.set(name.replace("-", "_"), value);
      }
      for (const name of FLAGS) {
        const value = this.getAttribute(name);
        if (value !== null) query.set(name, value === "" ? "1" : value);
      }
      if (autoplay) query.set("autoplay", "1");
      const key = this.getAttribute("key");
      if (key) query.set("k", key);
      const text = String(query);
      return text ? `?${text}` : "";
    }

    /** Hand the frame its end of a port, once; only our origin can take it. */
    #greet(frame) {
      frame.style.opacity = "1";
      this.#box.firstChild.style.visibility = "hidden";
      const { port1, port2 } = new MessageChannel();
      this.#port = port1;
      port1.onmessage = ({ data }) => attempt(() => this.#hear(JSON.parse(data)));
      frame.contentWindow.postMessage(JSON.stringify({ ns: "beat/1", type: "hello" }), origin, [port2]);
    }

    #hear({ type, value, id }) {
      if (value && typeof value === "object" && "paused" in value) this.#state = value;
      if (type === "timeupdate") Object.assign(this.#state, value);
      if (type === "trackchange") this.#state.track = value;
      if (type === "state") {
        const answer = this.#answers.get(id);
        this.#answers.delete(id);
        if (answer) answer(value);
        return;
      }
      if (type === "ready") {
        this.#isReady = true;
        for (const message of this.#waiting.splice(0)) this.#port.postMessage(message);
      }
      if (type === "height" && Number.isFinite(value)) this.style.height = `${clamp(value)}px`;
      if (type === "open" && String(value).startsWith(`${origin}/`)) window.open(value, "_blank", "noopener");
      if (type === "play" && this.getAttribute("single") !== "0") {
        for (const other of players) if (other !== this && other.getAttribute("single") !== "0") other.pause();
      }
      if (!EVENTS.includes(type)) return;
      this.dispatchEvent(new CustomEvent(`beat:${type}`, { bubbles: true, detail: value }));
      for (const [wanted, listener] of listeners) {
        if (wanted === type) attempt(() => listener({ player: this, type, detail: value }));
      }
    }

    #send(type, value, more) {
      const message = JSON.stringify({ type, value, ...more });
      if (this.#isReady) this.#port.postMessage(message);
      else if (this.#waiting.length < 50) this.#waiting.push(message);
    }

    #shut() {
      if (this.#seen) this.#seen.disconnect();
      if (this.#port) this.#port.close();
      if (this.#frame) this.#frame.remove();
      if (this.#box) this.#box.firstChild.style.visibility = "";
      this.#frame = this.#port = null;
      this.#isReady = false;
      this.#waiting = [];
      this.#answers.clear();
    }
  }

  for (const name of ["app", "track", "key", "layout", "theme"]) {
    Object.defineProperty(BeatPlayerElement.prototype, name, {
      configurable: true,
      enumerable: true,
      get() {
        return this.getAttribute(name) || "";
      },
      set(value) {
        this.setAttribute(name, value);
      },
    });
  }

  const clamp = (height) => Math.min(Math.max(Math.round(height), SHORTEST), TALLEST);

  /** Turn a container with data-beat-player into a player; what was inside becomes its facade. */
  const mount = (container, options = {}) => {
    if (container.matches(TAG) || container.querySelector(TAG)) return container.querySelector(TAG) || container;
    const player = document.createElement(TAG);
    const { beatPlayer, ...data } = container.dataset;
    const target = options.app || options.track || beatPlayer || "";
    player.setAttribute(target.startsWith("trk_") ? "track" : "app", target);
    for (const [name, value] of Object.entries({ ...data, ...options })) {
      const attribute = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const isKnown = [...ATTRIBUTES.slice(2), ...FLAGS, "height", "width", "title"].includes(attribute);
      if (isKnown) player.setAttribute(attribute, value);
    }
    player.append(...container.childNodes);
    container.append(player);
    return player;
  };

  const find = (root) => {
    if (root.matches && root.matches("[data-beat-player]")) attempt(() => mount(root));
    for (const container of root.querySelectorAll("[data-beat-player]")) attempt(() => mount(container));
  };

  const api = {
    version: VERSION,
    /** Every player of the page. */
    all: () => [...players],
    mount,
    /** Hear an event of every player: `BeatPlayer.on("play", ({player, detail}) => …)`; returns the way back. */
    on(type, listener) {
      const entry = [type, listener];
      listeners.push(entry);
      return () => listeners.splice(listeners.indexOf(entry), 1);
    },
    pauseAll: () => players.forEach((player) => player.pause()),
    /** Functions pushed before or after the loader came run with `BeatPlayer`. */
    q: { push: (...jobs) => jobs.forEach((job) => attempt(() => job(api))) },
  };

  attempt(() => {
    if (!customElements.get(TAG)) customElements.define(TAG, BeatPlayerElement);
    window.BeatPlayer = api;
    const begin = () => {
      find(document);
      new MutationObserver((changes) => {
        for (const change of changes) {
          for (const node of change.addedNodes) if (node.nodeType === 1) find(node);
        }
      }).observe(document.documentElement, { childList: true, subtree: true });
    };
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => attempt(begin));
    else begin();
    if (earlier && Array.isArray(earlier.q)) api.q.push(...earlier.q);
  });
})();
