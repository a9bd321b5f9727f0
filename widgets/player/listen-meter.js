/** Intervals of one event; more of them make another event. */
const INTERVALS_AT_MOST = 40;
/** A position that runs ahead of the clock by more than this jumped there. */
const JUMP = 1.5;
const FASTEST = 1.25;

/**
 * A UUID of version 7 (RFC 9562): its first 48 bits are the moment, so that ids made together lie together in
 * the server's index.
 */
export function timedId(moment = Date.now()) {
  const time = moment.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

/**
 * What was heard, as intervals of the media in seconds. Only audible time counts, repeats included.
 *
 * A play instance begins with the first sound after `started`, or after `ended` when the same track
 * plays again. `take()` hands out the events since the last time, shaped as the server reads them:
 * `{p: play id, n: number, k: "s|h|e|i|o|a|c", b: track id, iv: [[from, to], …], d: media seconds, at: ms}`.
 * `now` is the page's clock in milliseconds.
 */
export function createListenMeter({ now, id = timedId }) {
  const page = { p: id(), n: 0 };
  let play = null; // {p, n, trackId, duration, hasSounded}
  let position = 0;
  let opened = null; // where the interval being heard began
  let clock = 0; // of the last position
  let isPlaying = false;
  let isAudible = true;
  let hasImpression = false;
  let heard = [];
  let events = [];

  const rounded = (seconds) => Math.round(seconds * 1000) / 1000;

  function begin(trackId, duration) {
    play = { p: id(), n: 0, trackId, duration, hasSounded: false };
    heard = [];
    opened = null;
  }

  function note(kind, intervals = []) {
    const event = { p: play.p, n: play.n, k: kind, b: play.trackId, at: Math.round(now()) };
    play.n += 1;
    if (intervals.length) event.iv = intervals;
    if (play.duration > 0) event.d = rounded(play.duration);
    events.push(event);
  }

  /** Something about a track that no play is needed for. */
  function noteOf(trackId, kind) {
    page.n += 1;
    events.push({ ...page, k: kind, b: trackId, at: Math.round(now()) });
  }

  function close(at = position) {
    if (opened !== null && at > opened) heard.push([rounded(opened), rounded(at)]);
    opened = null;
  }

  function open(at) {
    position = at;
    clock = now();
    opened = isPlaying && isAudible ? at : null;
  }

  /** Follow the position; a jump that nobody announced ends the interval where it was left. */
  function follow(at) {
    const passed = (now() - clock) / 1000;
    if (at < position || at - position > passed * FASTEST + JUMP) {
      close();
      open(at);
    } else {
      position = at;
      clock = now();
    }
  }

  function report() {
    if (opened !== null && position > opened) {
      heard.push([rounded(opened), rounded(position)]);
      opened = position;
    }
    for (let from = 0; from < heard.length; from += INTERVALS_AT_MOST) {
      note("h", heard.slice(from, from + INTERVALS_AT_MOST));
    }
    heard = [];
  }

  function finish() {
    if (!play?.hasSounded) return;
    close();
    report();
    note("e");
    play.hasSounded = false;
    play.isOver = true;
  }

  return {
    /** A track was loaded: another play instance, once it sounds. */
    started(trackId, duration) {
      isPlaying = false;
      finish();
      begin(trackId, duration);
      position = 0;
    },
    /** Sound comes out, at `at` seconds. */
    playing(at) {
      if (!play) return;
      if (play.isOver) begin(play.trackId, play.duration);
      const wasPlaying = isPlaying;
      isPlaying = true;
      if (!play.hasSounded) {
        play.hasSounded = true;
        note("s");
      }
      if (wasPlaying) follow(at);
      else open(at);
    },
    /** Sound stops, at `at` seconds. */
    paused(at) {
      if (!play || !isPlaying) return;
      follow(at);
      isPlaying = false;
      close();
    },
    /** The listener jumped. */
    seeked(from, to) {
      if (!play) return;
      if (isPlaying) follow(from);
      close();
      open(to);
    },
    /** Still playing, now at `at` seconds. */
    tick(at) {
      if (play && isPlaying) follow(at);
    },
    /** The track is over. */
    ended(at) {
      if (!play) return;
      if (isPlaying) follow(at);
      isPlaying = false;
      finish();
    },
    /** Muted or without volume: it plays, nobody hears it. */
    audible(is) {
      if (is === isAudible) return;
      close();
      isAudible = is;
      if (isPlaying) open(position);
    },
    /** Half of the player was visible for a second. */
    seen() {
      if (hasImpression) return;
      hasImpression = true;
      events.push({ ...page, k: "i", at: Math.round(now()) });
    },
    /** The checkout of a track was opened. */
    checkout: (trackId) => noteOf(trackId, "c"),
    /** The licenses of a track were shown. */
    licenses: (trackId) => noteOf(trackId, "o"),
    /** A license of a track was put in the cart. */
    added: (trackId) => noteOf(trackId, "a"),
    /** The events since the last time. */
    take() {
      if (play?.hasSounded) report();
      const taken = events;
      events = [];
      return taken;
    },
  };
}
