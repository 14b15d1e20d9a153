// The service worker of one activity's attendance page (its scope is that page): without a network it answers with what door.js let it keep.
//
// It keeps nothing by itself. A copy has an end; after it the copy is deleted and not shown. forget.js deletes all copies on signing out.
"use strict";
const PREFIX = "outreach.door.";
const LONGEST_WAIT_MS = 8000; // then a list that is kept is better than a white page
const HEADERS = ["Content-Type", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  if (request.headers.has("X-Keep-Seconds")) event.respondWith(keep(request));
  else if (request.mode === "navigate") event.respondWith(page(request));
  else if (request.destination) event.respondWith(asset(request));
});

async function keep(request) {
  const answer = await fetch(request, { redirect: "manual" });
  if (answer.ok) {
    const headers = new Headers(HEADERS.filter((name) => answer.headers.has(name)).map((name) => [name, answer.headers.get(name)]));
    headers.set("X-Kept-Until", Date.now() + 1000 * Number(request.headers.get("X-Keep-Seconds")));
    const cache = await caches.open(PREFIX + request.headers.get("X-Account"));
    await cache.put(request.url, new Response(await answer.clone().blob(), { headers }));
  }
  return answer;
}

async function kept(url) {
  const found = await caches.match(url, { ignoreVary: true });
  if (!found || Number(found.headers.get("X-Kept-Until")) > Date.now()) return found;
  for (const name of await caches.keys()) if (name.startsWith(PREFIX)) await caches.delete(name);
  return undefined;
}

async function page(request) {
  const network = fetch(request);
  const copy = await kept(request.url);
  if (!copy) {
    try {
      return await network;
    } catch {
      return elsewhere(request);
    }
  }
  const patience = new Promise((resolve) => { setTimeout(resolve, LONGEST_WAIT_MS, copy); });
  return Promise.race([network.catch(() => copy), patience]);
}

// Another view of a page that is kept (a filter, a search): the page itself, which shows everybody.
async function elsewhere(request) {
  const { origin, pathname } = new URL(request.url);
  return (await kept(origin + pathname)) ? Response.redirect(origin + pathname) : Response.error();
}

async function asset(request) {
  return (await kept(request.url)) || fetch(request);
}
