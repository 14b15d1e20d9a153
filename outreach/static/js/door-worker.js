// The service worker of one activity's attendance page (its scope is that page): without a network it answers with what door.js let it keep.
//
// It keeps nothing by itself. A copy has an end, after which it is not shown. It stays on the disk until the worker meets it, or until a page of
// Outreach is opened on this device: a browser starts no worker at a given time. forget.js deletes all copies on signing out.
"use strict";
const PREFIX = "outreach.door.";
const LONGEST_WAIT_MS = 8000; // then a list that is kept is better than a white page
const HEADERS = ["Content-Type", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (request.destination) event.respondWith(asset(request));
});

self.addEventListener("message", (event) => {
  const [port] = event.ports;
  event.waitUntil(keep(event.data).catch(() => false).then((done) => port.postMessage(done)));
});

// Return whether all that door.js asks for is kept. What came before a page that cannot be had stays.
async function keep({ urls, account, seconds }) {
  for (const url of urls) {
    const answer = await fetch(url, { redirect: "manual", headers: { "X-Account": account, "HX-Request": "true" } });
    if (!answer.ok) return false; // 401: signed out, or another account
    const headers = new Headers(HEADERS.filter((name) => answer.headers.has(name)).map((name) => [name, answer.headers.get(name)]));
    headers.set("X-Kept-At", Date.now());
    headers.set("X-Kept-Until", Date.now() + 1000 * seconds);
    const copy = new Response(await answer.blob(), { headers });
    await (await caches.open(PREFIX + account)).put(url, copy);
  }
  return true;
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
