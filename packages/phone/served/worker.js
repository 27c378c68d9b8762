// Made from packages/phone/page/worker.ts by `npm run gen`.
/*
 * Keeps the page and its scripts in the browser, so that a code that was opened once is shown without a network. What the page asks the server goes past it.
 */
const CACHE = "postern-qr-1";
const FILES = [
  "page.js",
  "page.css",
  "icon.svg",
  "phone-view.js",
  "phone-clock.js",
  "phone-words.js",
  "kept-keys.js",
  "server-calls.js",
  "draw-code.js",
];
const PAGE = new URL("../dynamic", location.href).href;
const WANTED = [
  ...[...FILES, "stay-awake.js", "browser-time.js", "qr-code.js", "uqr.js"].map((name) => new URL(name, location.href).href),
  PAGE,
];

/** As far as this worker uses them; the types of a page do not know them. */

// biome-ignore lint/nursery/noUnsafeTypeAssertion: this file runs as a service worker and as nothing else.
const scope = globalThis                          ;

async function keepAll()                {
  const cache = await caches.open(CACHE);
  await cache.addAll(WANTED.map((url) => new Request(url, { cache: "reload" })));
  await scope.skipWaiting();
}

/** From the network while it answers quickly, and kept for when it does not: a page that was mended is not held back by an old one. */
async function answer(request         , name        )                    {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(3_000) });
    if (fresh.ok) await cache.put(name, fresh.clone());
    return fresh;
  } catch {
    return (await cache.match(name)) ?? Response.error();
  }
}

scope.addEventListener("install", (event) => event.waitUntil(keepAll()));
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // Whichever QR it is, the page is the same: its id is never written into the cache.
  const name = url.origin + url.pathname;
  if (request.method === "GET" && WANTED.includes(name)) event.respondWith(answer(request, name));
});
