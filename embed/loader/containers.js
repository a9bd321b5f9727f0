import { PROPERTIES } from "./attributes.js";
import { attempt } from "./attempt.js";
import { TAG } from "./element.js";
import { make } from "./make.js";

const CONTAINER = "[data-beat-player]";

/** Turn a container into a player; what was inside becomes its facade. Once, however often it is asked. */
export const mount = (container, options) =>
  attempt(() => {
    const present = container.closest(TAG) || container.querySelector(TAG);
    if (present) return present;
    const player = make(TAG);
    const data = { ...container.dataset, ...options };
    const { beatPlayer } = data;
    data[/^trk/.test(beatPlayer) ? "track" : "app"] ??= beatPlayer;
    for (const name of PROPERTIES) if (name in data) player[name] = data[name];
    player.append(...container.childNodes);
    container.append(player);
    return player;
  });

/** Mount every container at or under a node. */
export function find(root) {
  if (root.matches?.(CONTAINER)) mount(root);
  root.querySelectorAll?.(CONTAINER).forEach((node) => mount(node));
}
