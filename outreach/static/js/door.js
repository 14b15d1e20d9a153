// The attendance page without a network: a copy of the list and of the form for who came uninvited stays on the device, so that both open again.
//
// Only on the activity's day, only for the account that is signed in; forget.js deletes it. Browsers without service workers keep nothing.
"use strict";
(async () => {
  const script = document.currentScript.dataset;
  const root = document.documentElement;
  const CACHE = `outreach.door.${script.account}`;
  const notice = document.getElementById("kept-copy");

  if (root.dataset.copied && notice) {
    const time = new Intl.DateTimeFormat(root.lang === "id" ? "id-ID" : root.lang, { timeStyle: "short" });
    notice.querySelector("p").textContent = script.copied.replace("{time}", time.format(Number(root.dataset.copied)));
    notice.hidden = false;
  }
  if (!("serviceWorker" in navigator) || !("caches" in window) || !Number(script.lasts)) return;
  try {
    await navigator.serviceWorker.register(script.worker, { scope: script.list });
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => { navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }); });
    }
  } catch {
    return; // not by https, or the browser keeps nothing in private windows
  }
  if (root.dataset.copied) root.dataset.safe = "";
  else await keepAll();
  root.dataset.door = ""; // all that is going to be kept is

  async function keepAll() {
    const whole = !/[?&](q|shown_only)=/.test(location.search);
    const pages = [script.list, script.form, ...(whole ? [...document.querySelectorAll(".pager a")].map((link) => link.href) : [])];
    const files = performance.getEntriesByType("resource").map((one) => one.name).filter((name) => name.includes("/static/"));
    for (const url of new Set([...pages, ...files].map((one) => new URL(one, location).href.split("#")[0]))) {
      try {
        await fetch(url, { headers: { "X-Keep-Seconds": script.lasts, "X-Account": script.account, "HX-Request": "true" } });
      } catch {
        return; // what is kept so far stays
      }
    }
    await renew();
    root.dataset.safe = "";
  }

  // --- What was ticked since stands in the copies too: the rows and sums of this page replace theirs
  let timer = 0;
  for (const name of ["change", "htmx:afterSettle"]) {
    document.addEventListener(name, () => {
      clearTimeout(timer);
      timer = setTimeout(renew, 200);
    });
  }

  async function renew() {
    if (!(await caches.has(CACHE))) return; // signed out meanwhile
    const cache = await caches.open(CACHE);
    for (const { url } of await cache.keys()) {
      const old = await cache.match(url);
      if (!(old.headers.get("Content-Type") || "").startsWith("text/html")) continue;
      const copy = new DOMParser().parseFromString(await old.text(), "text/html");
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
