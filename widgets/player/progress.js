const A_PLAY = 30; // seconds heard; of media shorter than a minute half is enough (the published rule)
const SHORT = 60;
const JUMP = 1.5; // seconds between two positions that were not listened through

/** Whether so many seconds heard are a play by the published rule. */
export const qualifies = (listened, duration) => listened >= (duration > 0 && duration < SHORT ? duration / 2 : A_PLAY);

/**
 * How much of the sound has come, and when enough of it was heard. Both are looked at while it plays:
 * `follow(hearer)` gives `{percent, seconds, duration}` when more has come, `qualified(hearer)` is told once
 * for each play instance. The server has its own meter, and decides what counts.
 */
export function createProgress({ store, ask, hear }) {
  const followers = [];
  const qualifying = [];
  let come = 0;
  let listened = 0;
  let position = null;
  let isQualified = false;

  function listen(fact, at) {
    const { muted, volume, duration } = store.get();
    if (fact === "started" || fact === "ended") [listened, position, isQualified] = [0, null, false];
    const passed = position === null ? 0 : at - position;
    if (passed > 0 && passed < JUMP && !muted && volume > 0) listened += passed;
    if (fact === "playing" || fact === "tick") position = at;
    if (fact === "paused" || fact === "seeked") position = null;
    if (isQualified || !qualifies(listened, duration)) return;
    isQualified = true;
    for (const hearer of qualifying) hearer();
  }

  function load(fact) {
    if (fact === "started") come = 0;
    const { duration } = store.get();
    const ranges = ask("buffered");
    const seconds = ranges.length && ranges.end(ranges.length - 1);
    if (seconds === come || !duration) return;
    come = seconds;
    const value = { percent: Math.min(1, seconds / duration), seconds, duration };
    for (const hearer of followers) hearer(value);
  }

  hear((fact, at) => {
    listen(fact, at);
    load(fact);
  });
  return { follow: (hearer) => followers.push(hearer), qualified: (hearer) => qualifying.push(hearer) };
}
