// What a device kept of a list at the door is forgotten: on signing out, wherever somebody must sign in, for another account, and after its time.
"use strict";
(() => {
  if (!("caches" in window) || !("serviceWorker" in navigator)) return;
  const { account } = document.currentScript.dataset;
  const PREFIX = "outreach.door.";

  async function forget(mine) {
    for (const name of await caches.keys()) {
      if (name.startsWith(PREFIX) && (name !== PREFIX + mine || (await isOver(name)))) await caches.delete(name);
    }
    if (mine) return;
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
  }

  async function isOver(name) {
    const cache = await caches.open(name);
    const copies = await Promise.all((await cache.keys()).map((one) => cache.match(one)));
    return copies.some((copy) => Number(copy.headers.get("X-Kept-Until")) < Date.now());
  }

  document.addEventListener("submit", async (event) => {
    if (event.target.id !== "sign-out" || event.defaultPrevented || !navigator.onLine) return; // offline nobody is signed out
    event.preventDefault();
    await forget("").catch(() => {});
    event.target.submit();
  });
  forget(account).catch(() => {});
})();
