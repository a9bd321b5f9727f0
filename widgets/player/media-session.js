import { coverUrl } from "./config.js";
import { currentTrack } from "./store.js";

/** The system's own controls: lock screen, headset, media keys. Absent or partial support is no error. */
export function mediaSession({ store, ask }) {
  const session = navigator.mediaSession;
  if (!session) return;
  const handlers = {
    play: () => ask("play"),
    pause: () => ask("pause"),
    seekto: ({ seekTime }) => ask("seek", { seconds: seekTime }),
    seekbackward: ({ seekOffset }) => ask("nudge", { seconds: -(seekOffset || 10) }),
    seekforward: ({ seekOffset }) => ask("nudge", { seconds: seekOffset || 10 }),
    previoustrack: () => ask("skip", { step: -1 }),
    nexttrack: () => ask("skip", { step: 1 }),
  };
  let isOurs = false;
  store.follow(["paused", "trackId", "duration"], (state) => {
    if (!state.paused && !isOurs) {
      isOurs = true;
      for (const [action, handler] of Object.entries(handlers)) attempt(() => session.setActionHandler(action, handler));
    }
    if (!isOurs) return;
    const track = currentTrack(state);
    const artwork = (side, file, kind) => ({
      src: new URL(file, location.href).href,
      sizes: `${side}x${side}`,
      type: `image/${kind}`,
    });
    attempt(() => {
      session.playbackState = state.paused ? "paused" : "playing";
      session.metadata = new MediaMetadata({
        title: track.title,
        artist: track.producer,
        artwork: track.cover
          ? [artwork(192, coverUrl(track), "webp"), artwork(512, `/media/${track.id}/cover-512.jpg`, "jpeg")]
          : [],
      });
    });
    attempt(() =>
      session.setPositionState({ duration: state.duration, position: Math.min(state.time, state.duration) }),
    );
  });
}

function attempt(action) {
  try {
    action();
  } catch {
    // this browser knows less; the page's own controls do the same
  }
}
