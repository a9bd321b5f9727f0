import { mediaUrl } from "./config.js";
import { currentTrack, isGoing, isSold } from "./store.js";

/**
 * When a play was asked for, comparable between frames, tabs and a sleep of the machine, which a page's own
 * clock (`performance.now`) stops for in some browsers. The fraction tells plays of one millisecond apart.
 */
const moment = () => Date.now() + Math.random();

/**
 * The only hand on the audio. One `<audio>` is used for every track (iOS keeps its gesture grant with
 * the element), nothing is fetched before the first play, and the element's own events, not our wishes,
 * say what is true.
 *
 * `tell(fact, …)` hears what happened to the sound: started, playing, paused, seeked, tick, ended.
 */
export function createMedia({ store, scope, tell, ask, answer, need, config, words }) {
  const audio = new Audio();
  audio.preload = "none";
  let loaded = "";
  let wantsToPlay = false;
  let from = 0;
  let hasRenewed = false;
  let anchor = store.get().trackId; // the last track that came by the order, not by the queue

  const length = () => (audio.duration > 0 && audio.duration < 1e6 ? audio.duration : currentTrack(store.get()).seconds);

  /** Whether the track is there now. */
  function show({ trackId = store.get().trackId, at = 0 }) {
    const track = currentTrack(store.get(), trackId);
    if (!track || isSold(store.get(), trackId)) return false;
    anchor = trackId;
    if (trackId === store.get().trackId) return true;
    if (loaded && !audio.paused) tell("paused", audio.currentTime);
    loaded = "";
    audio.pause();
    store.set({ trackId, time: at, duration: track.seconds, error: "", paused: true, waiting: false });
    from = at;
    return true;
  }

  /** Must run inside the tap: no `await` before `audio.play()`. */
  function play(detail = {}) {
    if (!show(detail)) return;
    const { trackId, token } = store.get();
    const track = currentTrack(store.get());
    wantsToPlay = true;
    void need(); // also when nobody touches anything: what is heard is reported from there
    if (loaded !== trackId) {
      audio.src = mediaUrl(track, token);
      loaded = trackId;
      tell("started", trackId, track.seconds);
    }
    store.set({ error: "", waiting: true, refused: false, since: config.single && moment() });
    const attempt = audio.play();
    if (from) audio.currentTime = from;
    from = 0;
    attempt?.catch(({ name }) => {
      if (name === "NotAllowedError") {
        pause();
        store.set({ refused: true });
      } else if (name !== "AbortError") void failed();
    });
  }

  function pause() {
    wantsToPlay = false;
    audio.pause();
    store.set({ paused: true, waiting: false });
  }

  function seek({ seconds }) {
    const target = Math.min(Math.max(0, seconds), Math.max(0, length() - 0.05));
    if (loaded) {
      const before = audio.currentTime;
      audio.currentTime = target;
      tell("seeked", before, target);
    } else from = target;
    store.set({ time: target });
  }

  /** A session lives six hours: the first failure fetches a fresh one and goes on where it was. */
  async function failed() {
    if (!loaded) return;
    loaded = "";
    from = audio.currentTime || store.get().time;
    if (!hasRenewed) {
      hasRenewed = true;
      if ((await ask("renew")) && wantsToPlay) {
        play();
        return;
      }
    }
    pause();
    store.set({ error: words.error });
  }

  /** What follows: the queue, then the order. */
  function skip({ step, andPlay = isGoing(store.get()) }) {
    const { order, sold, loop, queue } = store.get();
    const waiting = queue.filter((id) => !sold.includes(id));
    const left = order.filter((id) => !sold.includes(id));
    const place = left.indexOf(anchor) + step;
    const isQueued = step > 0 && waiting.length;
    const target = isQueued ? waiting[0] : left[loop === "off" ? place : (place + left.length) % left.length];
    if (!target) return false;
    const before = anchor;
    if (isQueued) store.set({ queue: waiting.slice(1) });
    if (target === store.get().trackId) seek({ seconds: 0 });
    if (andPlay) play({ trackId: target });
    else show({ trackId: target });
    if (isQueued) anchor = before;
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
    if (store.get().loop === "one") play();
    else if (!skip({ step: 1, andPlay: true })) {
      wantsToPlay = false;
      store.set({ paused: true, time: 0 });
      audio.currentTime = 0;
    }
  });
  scope.on(audio, "volumechange", () => store.set({ volume: audio.volume, muted: audio.muted }));
  scope.on(audio, "error", () => void failed());

  answer({
    show,
    play,
    pause,
    seek,
    skip,
    mute: ({ muted = !audio.muted }) => {
      audio.muted = muted;
    },
    /** The ranges that have come. */
    buffered: () => audio.buffered,
    /** 0 to 1; iOS keeps the hardware's volume. Resolves to whether it stuck. */
    volume: ({ value }) => {
      audio.volume = Math.min(Math.max(0, value), 1);
      if (value > 0) audio.muted = false;
      return Math.abs(audio.volume - value) < 0.01;
    },
  });
}
