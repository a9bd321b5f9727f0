/**
 * What the server put into the document: the options of the address, the tracks, the session token.
 *
 * A track is `{id, slug, title, producer, by, seconds, chips, peaks, cover, sold, from, chosen, offers}`;
 * an offer is `[license type id, price in words]`, named in `licenses`.
 */
export function readConfig(root) {
  const read = (id) => JSON.parse(root.getElementById(id).textContent);
  return { ...read("config"), token: read("session") };
}

/** The preview of a track for this session. */
export const mediaUrl = (track, token) => `/media/${track.id}.mp3?s=${encodeURIComponent(token)}`;

/** The small artwork of a track. */
export const coverUrl = (track) => `/media/${track.id}/cover.webp`;

/**
 * Where one license of a track is bought: a page of ours that opens beside the stranger's. `more` is the
 * placement key `k`, the session token `s`, and `o`, the public token that its order will have.
 */
export function buyUrl(track, lic, more) {
  const query = new URLSearchParams({ lic });
  for (const [name, value] of Object.entries(more)) if (value) query.set(name, value);
  return `/buy/${track.slug}?${query}`;
}
