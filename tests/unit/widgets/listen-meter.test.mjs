import assert from "node:assert/strict";
import { test } from "node:test";

import { createListenMeter, timedId } from "../../../widgets/player/listen-meter.js";

const TRACK = "trk_1";

/** A meter, a clock, and `play(from, to)`: ticks four times a second, as a browser does. */
function bench() {
  let now = 0;
  let ids = 0;
  const meter = createListenMeter({ now: () => now, id: () => `id-${(ids += 1)}` });
  const play = (from, to, rate = 1) => {
    for (let at = from; at < to; at += 0.25) {
      meter.tick(at);
      now += 250 / rate;
    }
    meter.tick(to);
  };
  return { meter, play, wait: (ms) => (now += ms) };
}

const kinds = (events) => events.map((event) => event.k).join("");
const heard = (events) => events.flatMap((event) => event.iv ?? []);

test("loading a track reports nothing before it sounds", () => {
  const { meter } = bench();
  meter.started(TRACK, 60);
  assert.deepEqual(meter.take(), []);
});

test("the first sound is a start with play, number, track, length and time", () => {
  const { meter, wait } = bench();
  meter.started(TRACK, 57.8604);
  wait(1500);
  meter.playing(0);
  assert.deepEqual(meter.take(), [{ p: "id-2", n: 0, k: "s", b: TRACK, at: 1500, d: 57.86 }]);
});

test("heartbeats carry only what was heard since the last", () => {
  const { meter, play } = bench();
  meter.started(TRACK, 60);
  meter.playing(0);
  play(0, 10);
  assert.deepEqual(heard(meter.take()), [[0, 10]]);
  play(10, 12.5);
  const events = meter.take();
  assert.deepEqual(heard(events), [[10, 12.5]]);
  assert.deepEqual(events.map((event) => event.n), [2]);
  assert.deepEqual(meter.take(), []);
});

test("a pause ends the interval and time that passes in it is not heard", () => {
  const { meter, play, wait } = bench();
  meter.started(TRACK, 60);
  meter.playing(0);
  play(0, 5);
  meter.paused(5.1);
  wait(60_000);
  meter.playing(5.1);
  play(5.1, 8.1);
  assert.deepEqual(heard(meter.take()), [[0, 5.1], [5.1, 8.1]]);
});

test("seeking makes two intervals, and repeats are kept", () => {
  const { meter, play } = bench();
  meter.started(TRACK, 60);
  meter.playing(0);
  play(0, 10);
  meter.seeked(10, 2);
  play(2, 6);
  assert.deepEqual(heard(meter.take()), [[0, 10], [2, 6]]);
});

test("seeking while paused hears nothing", () => {
  const { meter, play } = bench();
  meter.started(TRACK, 60);
  meter.playing(0);
  play(0, 4);
  meter.paused(4);
  meter.seeked(4, 40);
  meter.playing(40);
  play(40, 42);
  assert.deepEqual(heard(meter.take()), [[0, 4], [40, 42]]);
});

test("a jump that nobody announced is not heard", () => {
  const { meter, play } = bench();
  meter.started(TRACK, 60);
  meter.playing(0);
  play(0, 3);
  play(50, 52);
  assert.deepEqual(heard(meter.take()), [[0, 3], [50, 52]]);
});

test("sparse ticks of a hidden tab lose nothing", () => {
  const { meter, wait } = bench();
  meter.started(TRACK, 120);
  meter.playing(0);
  wait(60_000);
  meter.tick(60);
  assert.deepEqual(heard(meter.take()), [[0, 60]]);
});

test("muted listening is not heard", () => {
  const { meter, play } = bench();
  meter.started(TRACK, 60);
  meter.playing(0);
  play(0, 4);
  meter.audible(false);
  play(4, 9);
  meter.audible(true);
  play(9, 12);
  assert.deepEqual(heard(meter.take()), [[0, 4], [9, 12]]);
});

test("starting muted still is a start", () => {
  const { meter, play } = bench();
  meter.audible(false);
  meter.started(TRACK, 60);
  meter.playing(0);
  play(0, 9);
  const events = meter.take();
  assert.equal(kinds(events), "s");
});

test("the end closes the instance and playing again begins another", () => {
  const { meter, play } = bench();
  meter.started(TRACK, 10);
  meter.playing(0);
  play(0, 10);
  meter.ended(10);
  const first = meter.take();
  assert.equal(kinds(first), "she");
  assert.deepEqual(heard(first), [[0, 10]]);
  meter.seeked(10, 0);
  meter.playing(0);
  play(0, 2);
  const second = meter.take();
  assert.equal(kinds(second), "sh");
  assert.notEqual(second[0].p, first[0].p);
  assert.deepEqual(heard(second), [[0, 2]]);
});

test("another track ends the one before with what it still owed", () => {
  const { meter, play } = bench();
  meter.started(TRACK, 60);
  meter.playing(0);
  play(0, 7);
  meter.paused(7);
  meter.started("trk_2", 90);
  const events = meter.take();
  assert.equal(kinds(events), "she");
  assert.ok(events.every((event) => event.b === TRACK));
  meter.playing(0);
  assert.deepEqual(meter.take().map((event) => [event.k, event.b, event.n]), [["s", "trk_2", 0]]);
});

test("a track that never sounded is not ended", () => {
  const { meter } = bench();
  meter.started(TRACK, 60);
  meter.started("trk_2", 60);
  assert.deepEqual(meter.take(), []);
});

test("many intervals are split over events", () => {
  const { meter, play } = bench();
  meter.started(TRACK, 600);
  meter.playing(0);
  for (let round = 0; round < 90; round += 1) {
    play(round * 5, round * 5 + 1);
    meter.seeked(round * 5 + 1, (round + 1) * 5);
  }
  const events = meter.take();
  assert.equal(kinds(events), "shhh");
  assert.ok(events.every((event) => (event.iv ?? []).length <= 40));
  assert.equal(heard(events).length, 90);
});

test("numbers of a play never repeat", () => {
  const { meter, play } = bench();
  meter.started(TRACK, 60);
  meter.playing(0);
  const numbers = [];
  for (let at = 0; at < 30; at += 3) {
    play(at, at + 3);
    numbers.push(...meter.take().map((event) => event.n));
  }
  assert.deepEqual(numbers, [...numbers.keys()]);
});

test("an impression is told once, a checkout each time", () => {
  const { meter } = bench();
  meter.seen();
  meter.seen();
  meter.checkout(TRACK);
  meter.checkout(TRACK);
  const events = meter.take();
  assert.equal(kinds(events), "icc");
  assert.deepEqual(events.map((event) => event.n), [0, 1, 2]);
});

test("facts before a track is loaded are ignored", () => {
  const { meter } = bench();
  meter.playing(0);
  meter.tick(3);
  meter.paused(3);
  meter.seeked(0, 3);
  meter.ended(3);
  assert.deepEqual(meter.take(), []);
});

test("licenses that were shown and put in a cart are told of their track", () => {
  const { meter } = bench();
  meter.licenses(TRACK);
  meter.added(TRACK);
  const events = meter.take();
  assert.equal(kinds(events), "oa");
  assert.deepEqual(events.map(({ n, b }) => [n, b]), [[1, TRACK], [2, TRACK]]);
});

test("ids of plays are UUIDs of version 7: they begin with their moment", () => {
  const first = timedId(0x0192_3456_789a);
  assert.match(first, /^01923456-789a-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(timedId(5), timedId(5));
  assert.ok(timedId(1000) < timedId(2000));
});
