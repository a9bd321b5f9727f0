import assert from "node:assert/strict";
import { test } from "node:test";

import { createGate } from "../../../widgets/player/gate.js";
import { createProgress, qualifies } from "../../../widgets/player/progress.js";

test("a gate lets objects and texts of objects pass", () => {
  const gate = createGate({ now: () => 0 });
  assert.deepEqual(gate('{"type":"play"}'), { type: "play" });
  assert.deepEqual(gate({ type: "play" }), { type: "play" });
  for (const odd of ["", "{", "1", "null", '"x"', null, undefined, 7, true]) assert.equal(gate(odd), undefined);
});

test("a text of more than 4096 characters does not pass, one of exactly as many does", () => {
  const gate = createGate({ now: () => 0 });
  const text = (length) => `{"a":"${"x".repeat(length - 8)}"}`;
  assert.equal(text(4096).length, 4096);
  assert.ok(gate(text(4096)));
  assert.equal(gate(text(4097)), undefined);
});

test("the fifty-first message of a second does not pass, the first of the next does", () => {
  let now = 0;
  const gate = createGate({ now: () => now });
  for (let one = 0; one < 50; one += 1) assert.ok(gate("{}"));
  assert.equal(gate("{}"), undefined);
  now = 1000;
  assert.ok(gate("{}"));
});

test("prototype keys of a text become plain keys", () => {
  const message = createGate({ now: () => 0 })('{"__proto__":{"type":"play"}}');
  assert.equal(message.type, undefined);
  assert.equal({}.type, undefined);
});

test("30 s are a play, and half of what is shorter than a minute", () => {
  assert.equal(qualifies(29.9, 180), false);
  assert.equal(qualifies(30, 180), true);
  assert.equal(qualifies(4, 8), true);
  assert.equal(qualifies(3.9, 8), false);
  assert.equal(qualifies(30, 60), true);
});

/** A progress with a store, and `play(from, to)`: ticks four times a second. */
function bench(duration) {
  const state = { duration, muted: false, volume: 1 };
  const told = [];
  let hearer;
  let ranges = [];
  const progress = createProgress({
    store: { get: () => state },
    ask: () => ({ length: ranges.length, end: (place) => ranges[place] }),
    hear: (one) => (hearer = one),
  });
  progress.follow((value) => told.push(value));
  progress.qualified(() => told.push("qualified"));
  const play = (from, to) => {
    hearer("playing", from);
    for (let at = from; at <= to; at += 0.25) hearer("tick", at);
    hearer("paused", to);
  };
  return { state, told, play, tell: (...fact) => hearer(...fact), come: (...ends) => (ranges = ends) };
}

test("a play is told once, jumps and silence are not heard", () => {
  const { state, told, play, tell } = bench(180);
  tell("started", "trk_1", 180);
  play(0, 10);
  tell("seeked", 10, 100);
  play(100, 110);
  state.muted = true;
  play(110, 150);
  state.muted = false;
  assert.deepEqual(told, []);
  play(150, 165);
  play(165, 179);
  assert.deepEqual(told, ["qualified"]);
  tell("started", "trk_2", 180);
  play(0, 31);
  assert.deepEqual(told, ["qualified", "qualified"]);
});

test("what has come is told in percent, seconds and length, when it is more", () => {
  const { told, tell, come } = bench(40);
  tell("started", "trk_1", 40);
  come(10);
  tell("playing", 0);
  tell("tick", 0.25);
  come(10, 40);
  tell("tick", 0.5);
  assert.deepEqual(told, [
    { percent: 0.25, seconds: 10, duration: 40 },
    { percent: 1, seconds: 40, duration: 40 },
  ]);
});
