/** `67.2` as `1:07`. */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** `67.2` as `1 minute 7 seconds`, for ears, in their language. */
export function clockInWords(seconds, lang = "en") {
  const whole = Math.max(0, Math.round(seconds || 0));
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  const inWords = (value, unit) =>
    new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(value);
  const parts = [];
  if (minutes) parts.push(inWords(minutes, "minute"));
  if (rest || !minutes) parts.push(inWords(rest, "second"));
  return parts.join(" ");
}
