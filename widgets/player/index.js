import { createScope } from "../shared/scope.js";
import { createCheckout } from "./checkout.js";
import { readConfig } from "./config.js";
import { licensePicker } from "./elements/license-picker.js";
import { lineup } from "./elements/lineup.js";
import { notice } from "./elements/notice.js";
import { nowPlaying } from "./elements/now-playing.js";
import { playButton } from "./elements/play-button.js";
import { seekSlider } from "./elements/seek.js";
import { volumeControl } from "./elements/volume.js";
import { waveform } from "./elements/waveform.js";
import { createRenewal } from "./freshness.js";
import { createHostBridge } from "./host-bridge.js";
import { keyboard } from "./keyboard.js";
import { createListening } from "./listening.js";
import { createMedia } from "./media.js";
import { mediaSession } from "./media-session.js";
import { oneAtATime } from "./one-at-a-time.js";
import { answerWishes } from "./requests.js";
import { createHeight } from "./size.js";
import { createStore } from "./store.js";

/** Bring the rendered player to life: state flows down, wishes up, one hand on the audio. */
function start(root) {
  const scope = createScope();
  const config = readConfig(document);
  const first = config.tracks.find((track) => track.id === config.start) ?? config.tracks[0];
  const store = createStore(scope, {
    tracks: config.tracks,
    token: config.token,
    theme: document.documentElement.dataset.theme,
    trackId: first.id,
    paused: true,
    waiting: false,
    time: 0,
    duration: first.seconds,
    volume: config.volume ?? 1,
    muted: false,
    sold: config.tracks.filter((track) => track.sold).map((track) => track.id),
    licensing: "",
    error: "",
    notice: { text: "" },
  });
  const report = createListening({ root, scope, store });
  const tell = (fact, ...details) => {
    report(fact, ...details);
    if (fact === "ended" || fact === "seeked") bridge.emit(fact);
  };
  const renew = createRenewal({ store });
  const media = createMedia({ store, scope, tell, renew, loop: config.loop });
  const ask = answerWishes({ root, scope, store, media });
  const height = createHeight({ root, store });
  const bridge = createHostBridge({ root, scope, store, height });
  bridge.answerWith(ask);
  const onCheckout = createCheckout({ scope, store, bridge, renew, tell });
  const parts = { root, scope, store, media, config, ask, onCheckout, height };
  for (const part of [
    colors,
    playButton,
    nowPlaying,
    seekSlider,
    waveform,
    volumeControl,
    lineup,
    licensePicker,
    notice,
    keyboard,
    mediaSession,
    oneAtATime,
  ]) {
    part(parts);
  }
  if (config.volume !== null) ask("volume", { value: config.volume });
  if (config.t) ask("seek", { seconds: config.t });
  if (config.autoplay) ask("play");
}

/** The theme, as the page around us may switch it. */
function colors({ store }) {
  store.follow(["theme"], ({ theme }) => {
    document.documentElement.dataset.theme = theme;
  });
}

document.addEventListener("DOMContentLoaded", () => start(document.querySelector(".player")));
