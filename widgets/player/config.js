/**
 * What the server put into the document: the options of the address, the tracks, the session token, the
 * words that the core says, and where the late script is.
 *
 * A track is `{id, slug, title, producer, by, seconds, chips, cover, sold, from, chosen, offers}`;
 * an offer is `[license type id, price in words]`, named in `licenses`. `peaks` are the waveforms of all tracks in
 * their order (`elements/waveform.js` reads them); options that are off are not there.
 */
export function readConfig(root) {
  const read = (id) => JSON.parse(root.getElementById(id).textContent);
  return { ...read("config"), token: read("session") };
}

/** The preview of a track for this session. */
export const mediaUrl = ({ id }, token) => `/media/${id}.mp3?s=${encodeURIComponent(token)}`;

/** The small artwork of a track. */
export const coverUrl = ({ id }) => `/media/${id}/cover.webp`;

/**
 * Where one license of a track is bought: a page of ours that opens beside the stranger's. `more` is the
 * placement key `k`, the session token `s`, and `o`, the public token that its order will have.
 */
export function buyUrl({ slug }, lic, more) {
  const query = new URLSearchParams({ lic });
  for (const name in more) if (more[name]) query.set(name, more[name]);
  return `/buy/${slug}?${query}`;
}
