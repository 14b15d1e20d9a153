// What a device keeps of a door does not stay there: the page and the list are deleted on signing out, wherever somebody must sign in, and for
// another account; after its time a list is not shown, and deleted when the next page is opened. Ticks, entries and scans that are not sent are
// deleted on signing out (requests.js asks first). If a session ends otherwise they wait for the same account, at most 14 days.
"use strict";
(() => {
  const { account } = document.currentScript.dataset;
  const LIST = "outreach.door.";
  const [TICK, ENTRY, SCANS] = ["outreach.tick.", "outreach.entry.", "outreach.scans."];
  const LONGEST_WAIT_MS = 14 * 24 * 3600 * 1000; // as long as a browser stays signed in
  const mayKeepLists = "caches" in window && "serviceWorker" in navigator;

  async function forgetPages(mine) {
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

  // The database of door/store.js, if there is one. Call `forget` with the stores of lists, of keys, and of what is not sent.
  function inDoors(forget) {
    return new Promise((resolve) => {
      const opening = indexedDB.open("outreach.door");
      opening.onupgradeneeded = () => opening.transaction.abort(); // there is none
      opening.onerror = resolve;
      opening.onsuccess = () => {
        const db = opening.result;
        const tx = db.transaction(["lists", "keys", "queue"], "readwrite");
        tx.oncomplete = tx.onabort = () => { db.close(); resolve(); };
        forget(...["lists", "keys", "queue"].map((name) => tx.objectStore(name)));
      };
    });
  }

  function each(store, visit, then = () => {}) {
    store.openCursor().onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return then();
      visit(cursor);
      cursor.continue();
    };
  }

  // Lists of other accounts and of activities that are over, scans that waited too long, and keys by which nothing is left to open.
  function forgetLists(mine) {
    return inDoors((lists, keys, queue) => {
      const needed = new Set();
      each(lists, (one) => {
        if (one.value.account !== mine || one.value.until < Date.now()) one.delete();
        else needed.add(one.key);
      }, () => each(queue, (one) => {
        if (one.value.at + LONGEST_WAIT_MS < Date.now()) one.delete();
        else needed.add(one.value.id);
      }, () => each(keys, (one) => { if (!needed.has(one.key)) one.delete(); })));
    });
  }

  // All that this account keeps; what other accounts have not sent stays for them.
  function forgetMine() {
    return inDoors((lists, keys, queue) => {
      lists.clear();
      each(keys, (one) => { if (one.key.startsWith(`${account}.`)) one.delete(); });
      each(queue, (one) => { if (one.value.account === account) one.delete(); });
    });
  }

  const unsent = () => Object.keys(localStorage).filter((key) => key.startsWith(TICK) || key.startsWith(ENTRY));
  const scansOf = (whose) => Object.keys(localStorage).filter((key) => key.startsWith(`${SCANS}${whose}.`));
  const isOf = (key, whose) => key.startsWith(`${TICK}${whose}.`) || key.startsWith(`${ENTRY}${whose}.`);

  function madeAt(key) {
    if (key.startsWith(TICK)) return Number(localStorage[key].split(" ")[1]);
    return parseInt(key.slice(ENTRY.length).split(".")[1], 36); // its mark begins with the time
  }

  document.addEventListener("submit", async (event) => {
    if (event.target.id !== "sign-out" || event.defaultPrevented || !navigator.onLine) return; // offline nobody is signed out
    event.preventDefault();
    await Promise.all([forgetPages(""), forgetMine()]).catch(() => {});
    try {
      for (const key of unsent()) if (isOf(key, account)) localStorage.removeItem(key);
      for (const key of scansOf(account)) localStorage.removeItem(key);
    } catch {
      // a browser that stores nothing
    }
    event.target.submit();
  });

  forgetPages(account).catch(() => {});
  if ("indexedDB" in window) forgetLists(account).catch(() => {});
  try {
    for (const key of unsent()) {
      if (!(account && isOf(key, account)) && !(madeAt(key) + LONGEST_WAIT_MS > Date.now())) localStorage.removeItem(key);
    }
    const hint = document.getElementById("unsent-here");
    const waits = Object.keys(localStorage).some((key) => key.startsWith(SCANS) && Number(localStorage[key]) > 0);
    if (hint) hint.hidden = !unsent().length && !waits;
    const atDoor = document.getElementById("unsent-door"); // only the page of that door sends them
    const [first] = atDoor && account ? scansOf(account) : [];
    if (first) {
      atDoor.hidden = false;
      atDoor.querySelector("a").href = atDoor.dataset.path.replace("/0/", `/${first.split(".").pop()}/`);
    }
  } catch {
    // a browser that stores nothing
  }
})();
