import { mediaUrl } from "./config.js";
import { currentTrack, isSold } from "./store.js";

/**
 * The only hand on the audio. One `<audio>` is used for every track (iOS keeps its gesture grant with
 * the element), nothing is fetched before the first play, and the element's own events, not our wishes,
 * say what is true.
 *
 * `tell(fact, …)` hears what happened to the sound: started, playing, paused, seeked, tick, ended.
 */
export function createMedia({ store, scope, tell, renew, loop }) {
  const audio = new Audio();
  audio.preload = "none";
  let loaded = "";
  let wantsToPlay = false;
  let from = 0;
  let hasRenewed = false;

  const length = () =>
    Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : currentTrack(store.get()).seconds;

  function load(trackId, at = 0) {
    const track = store.get().tracks.find((candidate) => candidate.id === trackId);
    if (!track || isSold(store.get(), trackId)) return false;
    if (trackId === store.get().trackId) return true;
    leave();
    store.set({ trackId, time: at, duration: track.seconds, error: "", paused: true, waiting: false });
    from = at;
    return true;
  }

  function leave() {
    if (loaded && !audio.paused) tell("paused", audio.currentTime);
    loaded = "";
    audio.pause();
  }

  function open() {
    const { trackId, token } = store.get();
    if (loaded === trackId) return;
    audio.src = mediaUrl(currentTrack(store.get()), token);
    loaded = trackId;
    tell("started", trackId, currentTrack(store.get()).seconds);
  }

  /** Must run inside the tap: no `await` before `audio.play()`. */
  function play() {
    if (isSold(store.get())) return;
    wantsToPlay = true;
    open();
    store.set({ error: "", waiting: true });
    const attempt = audio.play();
    if (from) {
      audio.currentTime = from;
      from = 0;
    }
    attempt?.catch((error) => {
      if (error.name === "NotAllowedError") pause();
      else if (error.name !== "AbortError") void failed();
    });
  }

  function pause() {
    wantsToPlay = false;
    audio.pause();
    store.set({ paused: true, waiting: false });
  }

  function seek(seconds) {
    const target = Math.min(Math.max(0, seconds), Math.max(0, length() - 0.05));
    if (loaded !== store.get().trackId) {
      from = target;
      store.set({ time: target });
      return;
    }
    const before = audio.currentTime;
    audio.currentTime = target;
    tell("seeked", before, target);
    store.set({ time: target });
  }

  /** A session lives six hours: the first failure fetches a fresh one and goes on where it was. */
  async function failed() {
    if (!loaded) return;
    loaded = "";
    from = audio.currentTime || store.get().time;
    if (!hasRenewed) {
      hasRenewed = true;
      if ((await renew()) && wantsToPlay) {
        play();
        return;
      }
    }
    wantsToPlay = false;
    store.set({ paused: true, waiting: false, error: "This beat does not play right now." });
  }

  function next(step, { andPlay = wantsToPlay } = {}) {
    const { tracks, trackId, sold } = store.get();
    const left = tracks.filter((track) => !sold.includes(track.id));
    const place = left.findIndex((track) => track.id === trackId) + step;
    const target = left[loop ? (place + left.length) % left.length : place];
    if (!target) return false;
    if (target.id === trackId) seek(0);
    load(target.id);
    if (andPlay) play();
    return true;
  }

  scope.on(audio, "playing", () => {
    hasRenewed = false;
    store.set({ paused: false, waiting: false, error: "", duration: length() });
    tell("playing", audio.currentTime);
  });
  scope.on(audio, "waiting", () => store.set({ waiting: !audio.paused }));
  scope.on(audio, "pause", () => {
    if (!audio.paused) return; // of the track before: the next one plays already
    store.set({ paused: true, waiting: false });
    if (loaded && !audio.ended) tell("paused", audio.currentTime);
  });
  scope.on(audio, "timeupdate", () => {
    if (!loaded || audio.seeking) return;
    store.set({ time: audio.currentTime });
    if (!audio.paused) tell("tick", audio.currentTime);
  });
  scope.on(audio, "durationchange", () => loaded && store.set({ duration: length() }));
  scope.on(audio, "ended", () => {
    tell("ended", audio.currentTime);
    if (next(1, { andPlay: true })) return;
    wantsToPlay = false;
    store.set({ paused: true, time: 0 });
    audio.currentTime = 0;
  });
  scope.on(audio, "volumechange", () => store.set({ volume: audio.volume, muted: audio.muted }));
  scope.on(audio, "error", () => {
    void failed();
  });

  return {
    load,
    play,
    pause,
    seek,
    next,
    toggle: () => (audio.paused ? play() : pause()),
    mute: (muted) => {
      audio.muted = muted;
    },
    /** 0 to 1; iOS keeps the hardware's volume, which `canSetVolume` notices. */
    volume: (value) => {
      audio.volume = Math.min(Math.max(0, value), 1);
      if (value > 0) audio.muted = false;
    },
    canSetVolume() {
      const before = audio.volume;
      audio.volume = before === 0.5 ? 0.6 : 0.5;
      const sticks = audio.volume !== before;
      audio.volume = before;
      return sticks;
    },
  };
}
