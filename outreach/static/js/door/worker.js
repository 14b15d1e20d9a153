// The service worker of one activity's door page (its scope is that page): without a network it answers with what page.js let it keep.
//
// It keeps the page, which names nobody, and its files. A copy has an end, after which it is not shown. forget.js deletes it on signing out.
"use strict";
const PREFIX = "outreach.door.";
const LONGEST_WAIT_MS = 5000; // then the page that is kept is better than a white one
const HEADERS = ["Content-Type", "Content-Security-Policy", "Permissions-Policy", "X-Content-Type-Options", "Referrer-Policy"];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(asset(request));
});

self.addEventListener("message", (event) => {
  const [port] = event.ports;
  event.waitUntil(keep(event.data).catch(() => false).then((done) => port.postMessage(done)));
});

// Return whether all that the page asks for is kept. What came before a page that cannot be had stays.
async function keep({ urls, account, until }) {
  const cache = await caches.open(PREFIX + account);
  for (const url of urls) {
    const isFile = new URL(url).pathname.startsWith("/static/"); // its address changes with its content
    if (isFile && (await cache.match(url))) continue;
    const answer = await fetch(url, { redirect: "manual", headers: { "X-Account": account, "HX-Request": "true" } });
    if (!answer.ok) return false; // 401: signed out, or another account
    const headers = new Headers(HEADERS.filter((name) => answer.headers.has(name)).map((name) => [name, answer.headers.get(name)]));
    headers.set("X-Kept-Until", until);
    await cache.put(url, new Response(await answer.blob(), { headers }));
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
  if (!copy) return network;
  const patience = new Promise((resolve) => { setTimeout(resolve, LONGEST_WAIT_MS, copy); });
  return Promise.race([network.then((answer) => (answer.status < 500 ? answer : copy), () => copy), patience]);
}

async function asset(request) {
  return (await kept(request.url)) || fetch(request);
}
