/**
 * Drop zones: files go up one after the other, each with its own bar, its own reason when it is refused, and
 * a way to try again. The request's body is the file itself, so the server streams it to disk.
 */

import { all, make, one } from "../shared/dom.js";

const PATH = "/producer-dashboard/tracks/upload/";
const CHECKING = "Checking the file…";

export function startUploads(root) {
  for (const zone of all(root, "[data-upload]")) startZone(zone);
}

function startZone(zone) {
  const target = one(zone, "[data-upload-zone]");
  const input = one(zone, "input[type=file]");
  const list = one(zone, "[data-upload-list]");
  const queue = createQueue(zone.dataset);
  const take = (files) => {
    for (const file of input.multiple ? files : [...files].slice(0, 1)) {
      list.hidden = false;
      queue.add(createRow(list, file));
    }
  };
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    target.toggleAttribute("data-over", depth > 0);
  };
  target.addEventListener("dragenter", (event) => {
    event.preventDefault();
    mark(1);
  });
  target.addEventListener("dragover", (event) => event.preventDefault());
  target.addEventListener("dragleave", () => mark(-1));
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(-depth);
    take(event.dataTransfer.files);
  });
}

/** One file's line: its name, its bar, what is happening, and a button that ends or repeats it. */
function createRow(list, file) {
  const bar = make("progress", { class: "progress", max: "100", value: "0", "aria-label": `Upload of ${file.name}` });
  const line = make("span", { class: "row-line", text: "Waiting" });
  const button = make("button", { class: "button button-plain", type: "button", text: "Cancel" });
  const title = make("span", { class: "row-title", text: file.name });
  const item = make("li", { class: "row upload" }, make("div", { class: "row-main" }, title, bar, line), button);
  list.append(item);
  return { file, bar, line, button, title, item };
}

/** Sends one row after the other, so that each gets the whole line. */
function createQueue({ upload: kind, track, limit }) {
  const waiting = [];
  let busy = false;
  const next = async () => {
    if (busy || !waiting.length) return;
    busy = true;
    const row = waiting.shift();
    await send(row, kind, track, Number(limit) || Infinity);
    busy = false;
    row.again = () => add(row);
    next();
    if (!busy && !waiting.length) settle(row.item.parentNode, kind, track);
  };
  const add = (row) => {
    row.item.removeAttribute("data-failed");
    row.bar.hidden = false;
    row.bar.value = 0;
    row.line.textContent = "Waiting";
    row.button.hidden = false;
    row.button.textContent = "Cancel";
    row.button.onclick = () => {
      waiting.splice(waiting.indexOf(row), 1);
      row.item.remove();
    };
    waiting.push(row);
    next();
  };
  return { add };
}

function send(row, kind, track, limit) {
  const { file } = row;
  if (file.size === 0) return fail(row, "This file is empty.");
  if (file.size > limit) {
    return fail(row, `This file has ${megabytes(file.size)} MB; at most ${megabytes(limit)} MB are taken.`);
  }
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const query = new URLSearchParams({ filename: file.name });
    if (track) query.set("track", track);
    request.open("POST", `${PATH}${kind}?${query}`);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", token());
    request.upload.addEventListener("progress", (event) => {
      const share = event.total ? event.loaded / event.total : 0;
      row.bar.value = Math.round(share * 100);
      row.line.textContent = share < 1 ? `${megabytes(event.loaded)} of ${megabytes(event.total)} MB` : CHECKING;
    });
    request.upload.addEventListener("load", () => {
      row.bar.removeAttribute("value");
      row.line.textContent = CHECKING;
      row.button.hidden = true;
    });
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(succeed(row, request.response));
      else resolve(fail(row, request.response?.detail ?? "The server did not take this file. Try again."));
    });
    request.addEventListener("error", () => resolve(fail(row, "The connection broke. Try again.")));
    request.addEventListener("abort", () => {
      row.item.remove();
      resolve();
    });
    row.button.onclick = () => request.abort();
    request.send(file);
  });
}

function succeed(row, answer) {
  row.sent = true;
  row.item.setAttribute("data-done", "");
  row.bar.value = 100;
  row.button.hidden = true;
  row.line.textContent = "Received";
  if (answer?.track) row.title.replaceChildren(make("a", { href: answer.track.url, text: answer.track.title }));
}

function fail(row, reason) {
  row.item.setAttribute("data-failed", "");
  row.bar.hidden = true;
  row.line.textContent = reason;
  row.button.hidden = false;
  row.button.textContent = "Try again";
  row.button.onclick = () => row.again?.();
}

/** When all went well, the page shows what came of it. */
function settle(list, kind, track) {
  const rows = list ? all(list, ".upload") : [];
  if (rows.length && rows.every((row) => row.hasAttribute("data-done"))) {
    window.setTimeout(() => window.location.reload(), 400);
  } else if (kind === "master" && !track) {
    one(list.parentNode, "[data-upload-refresh]")?.remove();
    if (rows.some((row) => row.hasAttribute("data-done"))) {
      const link = make("a", { href: window.location.pathname, "data-upload-refresh": "", text: "Show the new tracks" });
      list.after(link);
    }
  }
}

const token = () => one(document, "input[name=csrf_token]")?.value ?? "";
const megabytes = (bytes) => (bytes / 1048576).toLocaleString(undefined, { maximumFractionDigits: bytes < 1e7 ? 1 : 0 });
