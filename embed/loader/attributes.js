/** Parts of the frame's address. */
export const OPTIONS =
  "layout theme color bg start-track t volume lang art list buy loop single keys dnt autoplay".split(" ");

/** Everything that `<beat-player>` and, as data, a container may say. */
export const ATTRIBUTES = ["app", "track", "key", "width", "height", "title", ...OPTIONS];

/** `start-track` is `startTrack`; the others are called the same. */
export const PROPERTIES = ATTRIBUTES.map((attribute) => attribute.replace("-t", "T"));
