import assert from "node:assert/strict";
import { test } from "node:test";

import { createTelemetry } from "../../../widgets/player/telemetry.js";

const event = (n, at = n * 1000) => ({ p: "00000000-0000-4000-8000-000000000000", n, k: "h", b: "trk_1", iv: [[n, n + 1]], at });
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A host that answers with the given statuses in turn (a number, or "away"), then 204. */
function bench(answers = [], token = "session-1") {
  const sent = [];
  const beacons = [];
  const timers = [];
  const telemetry = createTelemetry({
    endpoint: "/api/v1/listens",
    token,
    fetch: async (address, options) => {
      sent.push({ address, options, body: JSON.parse(options.body), size: options.body.length });
      const answer = answers.shift() ?? 204;
      if (answer === "away") throw new TypeError("network");
      return { status: answer, headers: new Map([["Retry-After", "5"]]) };
    },
    navigator: { sendBeacon: (_address, body) => beacons.push(body) > 0 },
    setTimeout: (action, pause) => timers.push({ action, pause }),
  });
  return { telemetry, sent, beacons, timers };
}

test("nothing is sent for no events", () => {
  const { telemetry, sent } = bench();
  telemetry.send([]);
  assert.equal(sent.length, 0);
});

test("events go out at once as one text without credentials", () => {
  const { telemetry, sent } = bench();
  telemetry.send([event(0), event(1)]);
  assert.equal(sent.length, 1);
  const [{ address, options, body }] = sent;
  assert.equal(address, "/api/v1/listens");
  assert.equal(options.method, "POST");
  assert.equal(options.keepalive, true);
  assert.equal(options.credentials, "omit");
  assert.equal(options.headers, undefined);
  assert.deepEqual([body.v, body.s, body.e.length], [1, "session-1", 2]);
});

test("a body never exceeds what the server takes, and no event is lost or doubled", () => {
  const { telemetry, sent } = bench();
  telemetry.send(Array.from({ length: 130 }, (_, n) => event(n)));
  assert.ok(sent.length > 1);
  assert.ok(sent.every(({ size, body }) => size <= 4096 && body.e.length <= 64));
  assert.deepEqual(sent.flatMap(({ body }) => body.e.map(({ n }) => n)), [...Array(130).keys()]);
});

test("what the network lost is sent again, unchanged", async () => {
  const { telemetry, sent, timers } = bench(["away"]);
  telemetry.send([event(0)]);
  await settled();
  assert.equal(timers.length, 1);
  timers[0].action();
  await settled();
  assert.equal(sent.length, 2);
  assert.deepEqual(sent[1].body, sent[0].body);
  assert.equal(timers.length, 1);
});

test("a busy server is asked again after the time it names", async () => {
  const { telemetry, sent, timers } = bench([503]);
  telemetry.send([event(0)]);
  await settled();
  assert.deepEqual(timers.map(({ pause }) => pause), [5000]);
  timers[0].action();
  await settled();
  assert.equal(sent.length, 2);
});

test("a refused body is not sent again", async () => {
  const { telemetry, timers } = bench([400]);
  telemetry.send([event(0)]);
  await settled();
  assert.equal(timers.length, 0);
});

test("it gives up after eight tries", async () => {
  const { telemetry, sent, timers } = bench(Array(20).fill("away"));
  telemetry.send([event(0)]);
  for (let round = 0; round < 12; round += 1) {
    await settled();
    timers.shift()?.action();
  }
  assert.equal(sent.length, 8);
});

test("leaving hands what waits to the browser", async () => {
  const { telemetry, beacons } = bench(["away"]);
  telemetry.send([event(0)]);
  telemetry.flush();
  assert.equal(beacons.length, 0, "still on its way");
  await settled();
  telemetry.flush();
  assert.equal(beacons.length, 1);
  telemetry.flush();
  assert.equal(beacons.length, 1);
});

test("a frame that may send no beacon does not fail", async () => {
  const telemetry = createTelemetry({
    endpoint: "/x",
    token: "t",
    fetch: () => Promise.reject(new TypeError("network")),
    navigator: {
      sendBeacon() {
        throw new DOMException("no", "SecurityError");
      },
    },
    setTimeout: () => 0,
  });
  telemetry.send([event(0)]);
  await settled();
  assert.doesNotThrow(() => telemetry.flush());
});

test("a renewed session tells its own time", () => {
  let token = "session-1";
  const { telemetry, sent } = bench([], () => token);
  telemetry.send([event(0, 5000)]);
  token = "session-2";
  telemetry.send([event(1, 9000), event(2, 9500)]);
  telemetry.send([event(3, 12_000)]);
  assert.deepEqual(sent.map(({ body }) => [body.s, body.e.map(({ at }) => at)]), [
    ["session-1", [5000]],
    ["session-2", [0, 500]],
    ["session-2", [3000]],
  ]);
});

test("memory is bounded when the host stays away", async () => {
  const { telemetry, sent, timers } = bench(Array(500).fill("away"));
  for (let n = 0; n < 100; n += 1) telemetry.send([event(n)]);
  await settled();
  sent.length = 0;
  timers[0].action();
  await settled();
  assert.ok(sent.length <= 40);
});
