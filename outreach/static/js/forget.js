// What a device keeps of a door does not stay there: the list is deleted on signing out, wherever somebody must sign in, and for another account;
// after its time it is not shown, and deleted when the next page is opened. Ticks and entries that are not sent are deleted on signing out
// (requests.js asks first). If a session ends otherwise they wait for the same account, at most 14 days.
"use strict";
(() => {
  const { account } = document.currentScript.dataset;
  const LIST = "outreach.door.";
  const [TICK, ENTRY] = ["outreach.tick.", "outreach.entry."];
  const LONGEST_WAIT_MS = 14 * 24 * 3600 * 1000; // as long as a browser stays signed in
  const mayKeepLists = "caches" in window && "serviceWorker" in navigator;

  async function forgetLists(mine) {
    if (!mayKeepLists) return;
    for (const name of await caches.keys()) {
      if (name.startsWith(LIST) && (name !== LIST + mine || (await isOver(name)))) await caches.delete(name);
    }
    if (mine) return;
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
  }

  async function isOver(name) {
    const cache = await caches.open(name);
    const copies = await Promise.all((await cache.keys()).map((one) => cache.match(one)));
    return copies.some((copy) => Number(copy.headers.get("X-Kept-Until")) < Date.now());
  }

  const unsent = () => Object.keys(localStorage).filter((key) => key.startsWith(TICK) || key.startsWith(ENTRY));
  const isOf = (key, whose) => key.startsWith(`${TICK}${whose}.`) || key.startsWith(`${ENTRY}${whose}.`);

  function madeAt(key) {
    if (key.startsWith(TICK)) return Number(localStorage[key].split(" ")[1]);
    return parseInt(key.slice(ENTRY.length).split(".")[1], 36); // its mark begins with the time
  }

  document.addEventListener("submit", async (event) => {
    if (event.target.id !== "sign-out" || event.defaultPrevented || !navigator.onLine) return; // offline nobody is signed out
    event.preventDefault();
    await forgetLists("").catch(() => {});
    try {
      for (const key of unsent()) if (isOf(key, account)) localStorage.removeItem(key);
    } catch {
      // a browser that stores nothing
    }
    event.target.submit();
  });

  forgetLists(account).catch(() => {});
  try {
    for (const key of unsent()) {
      if (!(account && isOf(key, account)) && !(madeAt(key) + LONGEST_WAIT_MS > Date.now())) localStorage.removeItem(key);
    }
    const hint = document.getElementById("unsent-here");
    if (hint) hint.hidden = !unsent().length;
  } catch {
    // a browser that stores nothing
  }
})();
