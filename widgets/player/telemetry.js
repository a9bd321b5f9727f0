const BYTES_AT_MOST = 3800; // the server takes 4096
const EVENTS_AT_MOST = 50; // it takes 64
const WAITING_AT_MOST = 40; // bodies that could not be sent yet
const TRIES_AT_MOST = 8;
const FIRST_PAUSE = 2000;
const LONGEST_PAUSE = 60_000;

/**
 * Carries events from this frame to its own host: text, without credentials, so that no pre-flight is
 * needed in an opaque frame. What does not arrive is tried again with the same numbers, which the
 * server takes once.
 *
 * `token` is the session's, or a function that returns it; `consent()` is what the visitor agreed to, if the page
 * said so. A renewed session counts its own time: its
 * events are told from the first one on.
 */
export function createTelemetry({
  endpoint,
  token,
  consent = () => undefined,
  fetch,
  navigator,
  setTimeout = globalThis.setTimeout,
}) {
  const read = typeof token === "function" ? token : () => token;
  const waiting = new Set();
  let session = read();
  let since = 0;
  let retry = null;

  function bodies(events) {
    const current = read();
    if (current !== session) {
      session = current;
      since = Math.min(...events.map((event) => event.at));
    }
    const agreed = consent();
    const head = `{"v":1,"s":${JSON.stringify(session)},${agreed === undefined ? "" : `"c":${agreed},`}"e":[`;
    const packed = [];
    let texts = [];
    let size = head.length + 2;
    const close = () => {
      if (texts.length) packed.push(`${head}${texts.join(",")}]}`);
      texts = [];
      size = head.length + 2;
    };
    for (const event of events) {
      const text = JSON.stringify({ ...event, at: Math.max(0, event.at - since) });
      if (texts.length >= EVENTS_AT_MOST || size + text.length + 1 > BYTES_AT_MOST) close();
      texts.push(text);
      size += text.length + 1;
    }
    close();
    return packed;
  }

  async function post(report) {
    report.isOnItsWay = true;
    let seconds = 0;
    try {
      const answer = await fetch(endpoint, {
        method: "POST",
        body: report.body,
        keepalive: true,
        credentials: "omit",
      });
      // A refusal stays one; only trouble on the way or at the server passes.
      if (answer.status < 500 && answer.status !== 429) {
        waiting.delete(report);
        return;
      }
      seconds = Number(answer.headers?.get("Retry-After")) || 0;
    } catch {
      // The network is away, or too much is on its way already.
    }
    report.isOnItsWay = false;
    report.tries += 1;
    if (report.tries >= TRIES_AT_MOST) waiting.delete(report);
    else again(Math.max(seconds * 1000, Math.min(FIRST_PAUSE * 2 ** (report.tries - 1), LONGEST_PAUSE)));
  }

  function again(pause) {
    retry ??= setTimeout(() => {
      retry = null;
      push();
    }, pause);
  }

  function push() {
    for (const report of [...waiting]) if (!report.isOnItsWay) void post(report);
  }

  return {
    /** Send events now. */
    send(events) {
      if (!events.length) return;
      for (const body of bodies(events)) {
        if (waiting.size >= WAITING_AT_MOST) waiting.delete(waiting.values().next().value);
        const report = { body, tries: 0, isOnItsWay: false };
        waiting.add(report);
        void post(report);
      }
    },
    /** The page goes away: what still waits for another try is handed to the browser. */
    flush() {
      for (const report of [...waiting]) {
        if (report.isOnItsWay) continue;
        try {
          if (navigator.sendBeacon?.(endpoint, report.body)) waiting.delete(report);
        } catch {
          // Some frames may not; the next visit to this page tries again if there is one.
        }
      }
    },
  };
}
