import assert from "node:assert/strict";
import { test } from "node:test";

import { shuffled } from "../../../widgets/player/order.js";
import { readPeaks, toBars } from "../../../widgets/player/elements/waveform.js";
import { say } from "../../../widgets/shared/words.js";

test("shuffling keeps every beat once and leaves the given order alone", () => {
  const given = ["a", "b", "c", "d", "e"];
  for (let round = 0; round < 50; round += 1) {
    assert.deepEqual([...shuffled(given)].sort(), given);
  }
  assert.deepEqual(given, ["a", "b", "c", "d", "e"]);
  assert.deepEqual(shuffled([]), []);
});

test("every order comes about as often", () => {
  const counts = new Map();
  let seed = 1;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  for (let round = 0; round < 6000; round += 1) {
    const order = shuffled(["a", "b", "c"], random).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 150, String(count));
});

test("peaks are shares of the loudest, and bars the loudest of their stretch", () => {
  assert.deepEqual(readPeaks("08f"), [0, 8 / 15, 1]);
  assert.deepEqual(toBars([0, 0.5, 1, 0.2], 2), [0.5, 1]);
  assert.deepEqual(readPeaks("000"), [0, 0, 0]);
});

test("a message is filled by name, also with what looks like a replacement pattern", () => {
  assert.equal(say("Play {title} by {producer}", { title: "$& {x}", producer: "Kaito" }), "Play $& {x} by Kaito");
});
