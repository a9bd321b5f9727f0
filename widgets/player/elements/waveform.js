import { one } from "../../shared/dom.js";
import { currentTrack } from "../store.js";

const POINTS = 160; // of each track
const PITCH = 4.5; // CSS pixels from bar to bar, as near as the width allows
const GAP = 2;
const FLAT = 0.06; // so that silence still shows where it is

/** One waveform: a hexadecimal digit for each point, as shares of the loudest, 0 to 1. */
export function readPeaks(digits) {
  const values = [...digits].map((digit) => parseInt(digit, 16));
  const loudest = Math.max(1, ...values);
  return values.map((value) => value / loudest);
}

/** The loudest of each of `count` equal stretches. */
export function toBars(peaks, count) {
  return Array.from({ length: count }, (_, place) => {
    const start = Math.floor((place * peaks.length) / count);
    const end = Math.max(start + 1, Math.floor(((place + 1) * peaks.length) / count));
    return Math.max(FLAT, ...peaks.slice(start, end));
  });
}

/** The canvas under the seek slider; drawn when the time or the size changes, never in between. */
export function waveform({ root, scope, store, config }) {
  const canvas = one(root, ".wave canvas");
  const pen = canvas.getContext("2d");
  let peaks = [];

  function draw() {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    pen.scale(ratio, ratio);
    const { time, duration } = store.get();
    const count = Math.min(peaks.length, Math.round((width + GAP) / PITCH));
    const pitch = (width + GAP) / count;
    const played = duration ? (time / duration) * width : 0;
    const style = getComputedStyle(canvas);
    const bars = toBars(peaks, count);
    const paint = (color, alpha, from, to) => {
      pen.fillStyle = style.getPropertyValue(color);
      pen.globalAlpha = alpha;
      bars.forEach((share, place) => {
        const left = Math.max(from, place * pitch);
        const right = Math.min(to, (place + 1) * pitch - GAP);
        const tall = Math.max(2, share * height);
        if (right > left) pen.fillRect(left, (height - tall) / 2, right - left, tall);
      });
    };
    paint("--accent", 1, 0, played);
    paint("--ink-3", 0.5, played, width);
  }

  store.follow(["trackId"], (state) => {
    const from = POINTS * config.tracks.indexOf(currentTrack(state));
    peaks = readPeaks(config.peaks.slice(from, from + POINTS));
    draw();
  });
  store.follow(["time", "duration", "theme"], draw);
  const sizes = new ResizeObserver(draw);
  sizes.observe(canvas);
  scope.add(() => sizes.disconnect());
  scope.on(matchMedia("(prefers-color-scheme:dark)"), "change", draw);
}
