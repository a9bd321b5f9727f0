/** Times are written in UTC; the tooltip adds the reader's own clock. */

const WRITTEN = { dateStyle: "medium", timeStyle: "short" };

export function startTimes(root) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, WRITTEN);
  for (const time of root.querySelectorAll("time[datetime][title]")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.valueOf())) time.title = `${format.format(moment)} (${time.title})`;
  }
}
