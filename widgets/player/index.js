import { createScope } from "../shared/scope.js";
import { readConfig } from "./config.js";
import { createDoor } from "./door.js";
import { createFacts } from "./facts.js";
import { lineup } from "./elements/lineup.js";
import { notice } from "./elements/notice.js";
import { nowPlaying } from "./elements/now-playing.js";
import { playButton } from "./elements/play-button.js";
import { seekSlider } from "./elements/seek.js";
import { waveform } from "./elements/waveform.js";
import { createLate } from "./late.js";
import { createMedia } from "./media.js";
import { answerWishes } from "./requests.js";
import { createStore } from "./store.js";

/**
 * The core, inside the document: show, play, seek, list, note what happened. State flows down, wishes up, one hand on
 * the audio. Everything else is a part of the late script, which gets the same `parts`.
 */
function start(root) {
  const scope = createScope();
  const config = readConfig(document);
  const { tracks, token, t, volume } = config;
  const first = tracks.find(({ id }) => id === config.start) ?? tracks[0];
  const store = createStore(scope, {
    tracks,
    token,
    trackId: first.id,
    paused: true,
    waiting: false,
    time: 0,
    duration: first.seconds,
    volume: 1,
    muted: false,
    sold: tracks.filter(({ sold }) => sold).map(({ id }) => id),
    order: tracks.map(({ id }) => id),
    queue: [],
    loop: config.loop ? "all" : "off",
    error: "",
    notice: { text: "" },
  });
  const parts = { root, scope, config, store, words: config.words };
  createFacts(parts);
  parts.need = createLate(parts);
  answerWishes(parts);
  createMedia(parts);
  for (const part of [playButton, nowPlaying, seekSlider, waveform, lineup, notice, createDoor]) part(parts);
  if (volume != null) parts.ask("volume", { value: volume });
  if (t) parts.ask("seek", { seconds: t });
  if (config.autoplay) parts.ask("play");
  root.dataset.live = "";
}

document.addEventListener("DOMContentLoaded", () => start(document.querySelector(".player")));
