// The attendance page without a network: a copy of the list and of the form for who came uninvited stays on the device, so that both open again.
//
// Only on the activity's day, only for the account that is signed in; forget.js deletes it. Browsers without service workers keep nothing.
"use strict";
(async () => {
  const script = document.currentScript.dataset;
  const root = document.documentElement;
  const CACHE = `outreach.door.${script.account}`;
  const FRESH_MS = 5 * 60 * 1000; // a copy that is younger is not fetched again
  const ANSWER_MS = 2 * 60 * 1000; // a worker that a browser has ended never answers
  const notice = document.getElementById("kept-copy");
  let keeping = false;
  let timer = 0;

  if (root.dataset.copied && notice) {
    const time = new Intl.DateTimeFormat(root.lang === "id" ? "id-ID" : root.lang, { timeStyle: "short", timeZone: script.zone });
    const shown = `${time.format(Number(root.dataset.copied))} ${script.zoneName}`;
    notice.querySelector("p").textContent = script.copied.replace("{time}", shown);
    notice.hidden = false;
  }
  if (!("serviceWorker" in navigator) || !("caches" in window) || !Number(script.lasts)) return;
  if (root.dataset.copied) root.dataset.safe = "";
  else await keepAll();
  root.dataset.door = ""; // all that is going to be kept is

  // --- Whoever signs out in another tab has the copy deleted: this page then keeps the list again, as soon as it is looked at
  window.addEventListener("focus", check);
  document.addEventListener("visibilitychange", check);

  async function check() {
    if (document.hidden || keeping || (await caches.has(CACHE))) return;
    delete root.dataset.safe;
    await keepAll();
  }

  async function keepAll() {
    keeping = true;
    try {
      await loaded();
      const worker = await registered();
      if (worker && (await keep(worker, await missing()))) {
        await renew();
        root.dataset.safe = "";
      }
    } finally {
      keeping = false; // tried again the next time that somebody looks at the page
    }
  }

  // Before, the browser does not name all files of the page.
  function loaded() {
    if (document.readyState === "complete") return true;
    return new Promise((resolve) => { window.addEventListener("load", resolve, { once: true }); });
  }

  async function registered() {
    try {
      return await active(await navigator.serviceWorker.register(script.worker, { scope: script.list }));
    } catch {
      return null; // not by https, or the browser keeps nothing in private windows
    }
  }

  function active(registration) {
    const coming = registration.installing || registration.waiting;
    if (!coming) return registration.active;
    return new Promise((resolve, reject) => {
      coming.addEventListener("statechange", () => {
        if (coming.state === "activated") resolve(coming);
        else if (coming.state === "redundant") reject(new Error(coming.state));
      });
    });
  }

  // The worker fetches the pages itself: after a reload that goes past it, it would not see what this page fetches.
  function keep(worker, urls) {
    if (!urls.length) return true;
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      setTimeout(() => resolve(false), ANSWER_MS);
      worker.postMessage({ urls, account: script.account, seconds: Number(script.lasts) }, [port2]);
    });
  }

  async function missing() {
    const whole = !/[?&](q|shown_only)=/.test(location.search);
    const pages = [script.list, script.form, ...(whole ? [...document.querySelectorAll(".pager a")].map((link) => link.href) : [])];
    const named = [...document.querySelectorAll("script[src], link[href]")].map((one) => one.src || one.href);
    const fetched = performance.getEntriesByType("resource").map((one) => one.name); // icons too; late on a busy device
    const files = [...named, ...fetched].filter((name) => name.includes("/static/"));
    const urls = [...new Set([...pages, ...files].map((one) => new URL(one, location).href.split("#")[0]))];
    if (!(await caches.has(CACHE))) return urls;
    const cache = await caches.open(CACHE);
    const isMissing = await Promise.all(urls.map(async (url) => {
      const copy = await cache.match(url);
      if (!copy || !isPage(copy)) return !copy;
      if (Number(copy.headers.get("X-Kept-At")) + FRESH_MS < Date.now()) return true;
      return url === location.href.split("#")[0] && rows(await parsed(copy)) !== rows(document); // somebody was added or left
    }));
    return urls.filter((_url, index) => isMissing[index]);
  }

  function isPage(copy) {
    return (copy.headers.get("Content-Type") || "").startsWith("text/html");
  }

  async function parsed(copy) {
    return new DOMParser().parseFromString(await copy.text(), "text/html");
  }

  function rows(page) {
    return [...page.querySelectorAll(".attendee")].map((one) => one.id).join();
  }

  // --- What was ticked since stands in the copies too: the rows and sums of this page replace theirs
  for (const name of ["change", "htmx:afterSettle"]) {
    document.addEventListener(name, () => {
      clearTimeout(timer);
      timer = setTimeout(renew, 200);
    });
  }

  async function renew() {
    if (!(await caches.has(CACHE))) {
      delete root.dataset.safe; // signed out meanwhile
      return;
    }
    const cache = await caches.open(CACHE);
    for (const { url } of await cache.keys()) {
      const old = await cache.match(url);
      if (!isPage(old)) continue;
      const copy = await parsed(old);
      copy.documentElement.dataset.copied = root.dataset.copied || copy.documentElement.dataset.copied || Date.now();
      for (const box of document.querySelectorAll("[data-kept]")) {
        const row = copy.getElementById(box.id)?.closest(".attendee");
        if (!row) continue;
        const shown = box.closest(".attendee").cloneNode(true);
        shown.querySelector("[data-kept]").toggleAttribute("checked", box.checked);
        for (const note of shown.querySelectorAll(".unsent-note")) note.remove();
        row.replaceWith(shown);
      }
      const sums = document.getElementById("sums");
      if (sums) copy.getElementById("sums")?.replaceWith(sums.cloneNode(true));
      await cache.put(url, new Response(`<!doctype html>${copy.documentElement.outerHTML}`, { headers: old.headers }));
    }
  }
})();
