import { attempt } from "./attempt.js";

/** The players in the page: element → its life. */
export const players = new Map();

let listeners = [];

/** `on("play", ({player, type, detail}) => …)`: an event of every player; returns the way back. */
export function on(type, listener) {
  listeners.push([type, listener]);
  return () => off(type, listener);
}

export function off(type, listener) {
  listeners = listeners.filter((each) => each[0] !== type || each[1] !== listener);
}

export function tell(event) {
  for (const [type, listener] of listeners) if (type === event.type) attempt(() => listener(event));
}

/** What the visitor agreed to; unset until the page says it. */
export let consented;

/** What the visitor agreed to, for every player now and later. */
export function consent(given = true) {
  consented = given;
  players.forEach((life) => life.consent(given));
}
