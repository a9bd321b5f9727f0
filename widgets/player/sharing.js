const FRAME = 'width="100%" height="166" loading="lazy" allow="autoplay; clipboard-write" style="border:0;max-width:100%"';

const withQuery = (path, more) => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(more)) if (value) query.set(name, value);
  return new URL(`${path}?${query}`.replace(/\?$/, ""), location.href).href;
};

/** A beat's own page, credited to this placement; at a moment, a player that begins there. */
export const linkOf = ({ id, slug }, k, seconds = 0) =>
  seconds ? withQuery(`/embed/v1/${id}`, { t: Math.floor(seconds), k }) : withQuery(`/t/${slug}`, { k });

/** An iframe of one beat. */
export function embedOf({ id, title, producer }, k) {
  const marks = { "&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;" };
  const safe = (text) => text.replace(/[&"<>]/g, (mark) => marks[mark]);
  return `<iframe src="${safe(withQuery(`/embed/v1/${id}`, { k }))}" title="${safe(`${title} · ${producer}`)}" ${FRAME}></iframe>`;
}

/** Whether the text is in the clipboard; some frames may not use the new way, some browsers not the old. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text);
  }
}

function copyTheOldWay(text) {
  let isCopied = false;
  const put = (event) => {
    event.preventDefault();
    event.clipboardData.setData("text/plain", text);
    isCopied = true;
  };
  document.addEventListener("copy", put);
  document.execCommand("copy");
  document.removeEventListener("copy", put);
  return isCopied;
}
