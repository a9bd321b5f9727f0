/**
 * The worker of one app's page. It keeps the shell alone: styles, scripts, fonts, and the page that says one is
 * offline. Pages, beats, prices, orders and audio always come from the network and are never kept.
 */

const { scope, offline, files, version } = self.SHELL;
const PREFIX = `flexapp-shell ${scope} `;
const NAME = PREFIX + version;
const kept = new Set(files);

self.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(clear().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (kept.has(address.pathname + address.search)) event.respondWith(fromShell(request));
  else if (request.mode === "navigate" && isMine(address.pathname)) event.respondWith(orOffline(request));
});

async function fill() {
  const cache = await caches.open(NAME);
  // Without cookies: what is kept is the same for everybody.
  await cache.addAll([...files, offline].map((path) => new Request(path, { credentials: "omit", cache: "no-cache" })));
}

async function clear() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== NAME).map((name) => caches.delete(name)));
}

async function fromShell(request) {
  const cache = await caches.open(NAME);
  return (await cache.match(request.url)) ?? fetch(request);
}

async function orOffline(request) {
  try {
    return await fetch(request);
  } catch {
    const cache = await caches.open(NAME);
    return (await cache.match(offline)) ?? Response.error();
  }
}

function isMine(path) {
  return path === scope || path.startsWith(scope.endsWith("/") ? scope : `${scope}/`);
}
