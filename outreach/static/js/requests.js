// When a request of htmx does not get through: say why, keep what was entered, and send it again.
//
// Ticks of attendance are kept in the browser until the server has them, so a reload loses none: only addresses with ids, never a name,
// and only for the account that made them. Entries about people who came uninvited, with names, are kept in the same way until they are sent.
// Signing out asks about both, and deletes them (forget.js).
// Everything else is kept by the page itself. Without a network, links stay on the page instead of leading to a browser's error,
// unless the device kept the page that they lead to (door/worker.js). Scans at the door are asked about, too; door/send.js sends them.
"use strict";
(() => {
  const script = document.currentScript.dataset;
  const words = JSON.parse(script.words);
  const PREFIX = `outreach.tick.${script.account}.`;
  const ENTRY = `outreach.entry.${script.account}.`;
  const LONGEST_ANSWER_MS = 20000;
  const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [4000, 60000];
  const store = storage();
  const sent = new Map(); // path → when the tick was made that is on its way
  const waiting = new Map(); // target → the request that did not get through
  let why = ""; // offline, ended, busy: why everything that waits is not sent
  let refusal = "";
  let thanks = "";
  let stays = false; // a link was pressed that needs the network
  let leaves = false; // for a page that is kept on this device
  let failures = 0;
  let wait = FIRST_WAIT_MS;
  let timer = 0;
  let renewedAt = 0;
  let sending = null; // the sending that is going on
  let hadKept = false;

  // --- Ticks that the server does not have yet
  function storage() {
    try {
      localStorage.setItem("outreach.tick", "");
      localStorage.removeItem("outreach.tick");
      return localStorage;
    } catch {
      return {}; // a browser that stores nothing: until the page is left
    }
  }

  const paths = () => Object.keys(store).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
  const boxOf = (path) => document.querySelector(`[data-kept][hx-post="${CSS.escape(path)}"]`);

  function kept(path) {
    const [on, at, source] = (store[PREFIX + path] || "").split(" ");
    return on ? { on, at: Number(at), source } : null;
  }

  function forget(path) {
    delete store[PREFIX + path];
    sent.delete(path);
  }

  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-kept]")) return;
    const source = new FormData(target.form).get("source") || "";
    store[PREFIX + target.getAttribute("hx-post")] = `${target.checked ? 1 : 0} ${Date.now()} ${source}`;
  }, true);

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    detail.headers["X-Account"] = script.account;
    if (!detail.triggeringEvent) detail.headers["X-By-Itself"] = "1"; // hx-trigger="every …": nobody uses the page
    const tick = kept(detail.path);
    if (!tick) return;
    sent.set(detail.path, tick.at);
    detail.parameters.on = tick.on;
    detail.parameters.source = tick.source;
    detail.parameters.ago = Math.max(0, Math.floor((Date.now() - tick.at) / 1000));
  });

  // --- The result of a request
  document.addEventListener("htmx:sendError", ({ detail }) => failed(detail, "offline"));
  document.addEventListener("htmx:timeout", ({ detail }) => failed(detail, "offline"));
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const { xhr, requestConfig } = detail;
    if (!xhr.status) return; // the two events above have reported it, or the page is being left
    const token = xhr.getResponseHeader("X-CSRF-Token");
    if (token && Date.now() - renewedAt > 3000) {
      renewedAt = Date.now();
      renew(token);
      held(detail);
      setTimeout(again);
    } else if (xhr.status === 401) failed(detail, "ended");
    else if (xhr.status === 429 || xhr.status >= 500) failed(detail, "busy");
    else if (xhr.status >= 400) refused(requestConfig.path, xhr);
    else done(detail);
  });

  function renew(token) {
    for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
  }

  function held({ target, requestConfig }) {
    const { elt, verb, path } = requestConfig;
    if (kept(path)) hadKept = true;
    else if (elt.hasAttribute(`hx-${verb}`)) waiting.set(target, { elt, verb, path, polls: (elt.getAttribute("hx-trigger") || "").startsWith("every") });
  }

  function failed(detail, reason) {
    held(detail);
    later(reason);
  }

  function later(reason) {
    failures += 1;
    why = reason;
    draw();
    clearTimeout(timer);
    if (reason === "ended") return; // until somebody comes back from signing in
    timer = setTimeout(again, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }

  function refused(path, xhr) {
    const tick = kept(path);
    const box = boxOf(path);
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector(".error-page");
    if (tick) forget(path);
    if (tick && box) box.checked = tick.on !== "1";
    refusal = [tick ? words.refused : words.failed, ...(page ? page.querySelectorAll("h1, h1 + p") : [])]
      .map((part) => part.textContent || part).map((text) => (/[.!?]$/.test(text) ? text : `${text}.`)).join(" ");
    draw();
  }

  function done({ target, requestConfig }) {
    const tick = kept(requestConfig.path);
    if (tick && tick.at === sent.get(requestConfig.path)) forget(requestConfig.path);
    else if (tick) setTimeout(again);
    waiting.delete(target);
    if (requestConfig.verb === "post") refusal = "";
    wait = FIRST_WAIT_MS;
    draw();
  }

  // --- Sending again: what was entered last, then the ticks, until one does not get through
  function again() {
    if (!sending) sending = sendAll().finally(() => { sending = null; draw(); });
    return sending;
  }

  async function sendAll() {
    const before = failures;
    for (const [target, { elt, verb, path, polls }] of [...waiting]) {
      if (!elt.isConnected) waiting.delete(target);
      else if (!polls && failures === before) await send(verb, path, { source: elt });
    }
    for (const path of paths()) {
      if (failures !== before) break;
      const box = boxOf(path);
      await send("post", path, box ? { source: box } : { source: script.token, swap: "none", handler: () => {} });
    }
    for (const mark of unsent()) {
      if (failures !== before) break;
      await deliver(mark);
    }
  }

  async function send(verb, path, context) {
    try {
      await window.htmx.ajax(verb, path, context);
    } catch {
      // the events above have reported it
    }
  }

  // --- Who came uninvited. The mark lets the server tell an entry that is sent again from another one
  const marks = () => Object.keys(store).filter((key) => key.startsWith(ENTRY)).map((key) => key.slice(ENTRY.length)).sort();
  const entry = (mark) => JSON.parse(store[ENTRY + mark]);
  const unsent = () => marks().filter((mark) => !entry(mark).refused);
  const refusedMarks = () => marks().filter((mark) => entry(mark).refused);

  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.matches("[data-keeps]")) {
      event.preventDefault();
      await keepEntry(form, submitter);
    } else if (!navigator.onLine) stay(event);
  });

  async function keepEntry(form, submitter) {
    const mark = form.dataset.mark || `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token");
    if (submitter && submitter.name) fields.push([submitter.name, submitter.value]);
    const who = (submitter && submitter.dataset.who) || fields.filter(([name]) => /-(name|post)$/.test(name)).map(([, value]) => value.trim()).find(Boolean);
    store[ENTRY + mark] = JSON.stringify({ path: location.pathname, fields, who: who || words.somebody });
    if (submitter) submitter.disabled = true;
    const result = await deliver(mark);
    if (submitter) submitter.disabled = false;
    if (result === "sent") location.assign(form.dataset.keeps);
    else if (result === "refused") {
      delete store[ENTRY + mark]; // nothing was stored; the form's own page says what to correct
      for (const [name, value] of fields) if (!form.elements[name] || form.elements[name] === submitter) form.append(hiddenField(name, value));
      form.submit();
    } else {
      delete form.dataset.mark;
      form.reset();
      draw();
    }
  }

  function hiddenField(name, value) {
    return Object.assign(document.createElement("input"), { type: "hidden", name, value });
  }

  async function deliver(mark, renewed = false) {
    const { path, fields, who } = entry(mark);
    const token = document.querySelector(`${script.token} input[name=csrf_token]`).value;
    let answer;
    try {
      answer = await fetch(path, {
        method: "POST",
        body: new URLSearchParams([...fields, ["entry", mark], ["csrf_token", token]]),
        headers: { "HX-Request": "true", "X-Account": script.account },
        signal: AbortSignal.timeout && AbortSignal.timeout(LONGEST_ANSWER_MS),
      });
    } catch {
      hadKept = true;
      later("offline");
      return "waits";
    }
    const fresh = answer.headers.get("X-CSRF-Token");
    if (fresh && !renewed) {
      renew(fresh);
      return deliver(mark, true);
    }
    if (answer.status === 401 || answer.status === 429 || answer.status >= 500) {
      hadKept = true;
      later(answer.status === 401 ? "ended" : "busy");
      return "waits";
    }
    if (!answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const said = [...page.querySelectorAll("main .alert, main .field-error, .error-page h1")].map((one) => one.textContent.trim());
      if (store[ENTRY + mark]) store[ENTRY + mark] = JSON.stringify({ path, fields, who, refused: said[0] || words.refused });
      return "refused";
    }
    delete store[ENTRY + mark];
    wait = FIRST_WAIT_MS;
    return "sent";
  }

  function refill() {
    const form = document.querySelector("[data-keeps] details")?.closest("form");
    const mark = form && refusedMarks().find((one) => entry(one).path === location.pathname);
    if (!mark) return;
    form.dataset.mark = mark;
    form.querySelector("details").open = true;
    for (const [name, value] of entry(mark).fields) if (form.elements[name]) form.elements[name].value = value;
  }

  // --- Signing out deletes what is not sent, so it is said first, and may be sent or left out
  const asks = document.getElementById("unsent-asks");
  const signOut = document.getElementById("sign-out");

  const doors = () => Object.keys(store).filter((key) => key.startsWith(`outreach.scans.${script.account}.`));
  const scans = () => doors().reduce((sum, key) => sum + Number(store[key]), 0); // at doors, not sent yet

  document.addEventListener("submit", (event) => {
    if (event.target !== signOut || !navigator.onLine || !(paths().length || marks().length || scans())) return;
    event.preventDefault();
    ask();
  }, true); // before forget.js

  function ask(failed) {
    const ticks = paths().length;
    const counted = ticks === 1 ? words.one_tick : words.some_ticks.replace("{n}", ticks);
    const names = marks().map((mark) => entry(mark).who);
    const faults = refusedMarks().map(entry).map((one) => words.person_refused.replace("{n}", one.who).replace("{why}", one.refused));
    const atDoor = scans() ? words.scans.replace("{n}", scans()) : "";
    const what = [ticks ? counted : "", ...names, atDoor].filter(Boolean).join(", ");
    asks.querySelector("p").textContent = [failed && words.still_unsent, ...faults, words.asks.replace("{n}", what)].filter(Boolean).join(" ");
    asks.hidden = false;
    if (asks.showModal && !asks.open) asks.showModal();
  }

  asks.addEventListener("click", async ({ target }) => {
    if (!target.value) return;
    const buttons = [...asks.querySelectorAll("button")];
    if (target.value === "send") {
      for (const button of buttons) button.disabled = true;
      asks.querySelector("p").textContent = words.sending;
      await again();
      for (const button of buttons) button.disabled = false;
      if (paths().length || marks().length || scans()) {
        ask(true);
        target.focus();
        return;
      }
    } else if (target.value === "leave") {
      for (const key of Object.keys(store)) if (key.startsWith(PREFIX) || key.startsWith(ENTRY)) delete store[key];
      for (const key of doors()) delete store[key];
    }
    if (asks.close) asks.close();
    asks.hidden = true;
    if (target.value === "stay") draw();
    else signOut.querySelector("button").click();
  });
  asks.addEventListener("close", () => { asks.hidden = true; });

  // --- Without a network a page is not left for the browser's error page
  function stay(event) {
    event.preventDefault();
    stays = true;
    draw();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || navigator.onLine || event.defaultPrevented || link.target || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
    event.preventDefault();
    isKept(link.href).then((opens) => {
      if (!opens) return stay(event);
      leaves = true;
      return location.assign(link.href);
    });
  });
  window.addEventListener("beforeunload", (event) => {
    if (!navigator.onLine && !leaves && document.querySelector("[data-kept], [data-keeps]")) event.preventDefault();
  });

  async function isKept(url) {
    try {
      const registration = await navigator.serviceWorker.getRegistration(url);
      return Boolean(registration && registration.active && (await caches.match(url, { ignoreVary: true })));
    } catch {
      return false;
    }
  }

  const anything = () => waiting.size || paths().length || unsent().length;
  const back = () => {
    wait = FIRST_WAIT_MS;
    if (navigator.onLine) stays = false;
    if (anything()) again();
    else draw();
  };
  window.addEventListener("online", back);
  window.addEventListener("focus", back);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) back(); });
  window.addEventListener("storage", draw); // another tab has sent them
  document.addEventListener("htmx:afterSettle", () => { restore(); draw(); });

  // --- The messages
  const region = document.getElementById("unsent");
  const [text, retry, signIn] = ["p", "button", "a"].map((tag) => document.createElement(tag));
  const line = document.createElement("div");
  line.className = "unsent-bar";
  const [look, leaveOut] = ["a", "button"].map((tag) => document.createElement(tag));
  line.append(text, retry, signIn, look, leaveOut);
  retry.className = signIn.className = look.className = leaveOut.className = "btn";
  look.textContent = words.look;
  leaveOut.type = "button";
  leaveOut.textContent = words.leave_out;
  leaveOut.addEventListener("click", () => {
    delete store[ENTRY + refusedMarks()[0]];
    draw();
  });
  retry.type = "button";
  retry.textContent = words.retry;
  retry.addEventListener("click", back);
  signIn.textContent = words.sign_in;
  signIn.href = `${script.login}?next=${encodeURIComponent(location.pathname + location.search)}`;
  signIn.target = "_blank";

  function sentence() {
    const count = paths().length;
    const people = unsent().map((mark) => entry(mark).who).join(", ");
    if (!why) return stays ? `${words.offline} ${words.stays}` : "";
    const ticks = (count === 1 ? words[`tick_${why}`] || words.tick : words[`ticks_${why}`] || words.ticks).replace("{n}", count);
    const rest = [...waiting.values()].every((one) => one.polls) ? words.stale : words[`entered_${why}`] || words.entered;
    const entries = people && (words[`people_${why}`] || words.people).replace("{n}", people);
    return [words[why], count ? ticks : "", entries, count || people ? "" : rest, stays ? words.stays : ""].filter(Boolean).join(" ");
  }

  function draw() {
    if (why && !anything()) {
      if (hadKept) thank();
      why = "";
      hadKept = false;
    }
    const [not] = refusedMarks().map(entry);
    look.hidden = leaveOut.hidden = !not;
    if (not) look.href = not.path;
    say([refusal, not && words.person_refused.replace("{n}", not.who).replace("{why}", not.refused), sentence()].filter(Boolean).join(" ") || thanks);
    for (const box of document.querySelectorAll("[data-kept]")) {
      const label = box.closest("label").querySelector(".form-check-label");
      const late = Boolean(why && kept(box.getAttribute("hx-post")));
      const note = label.querySelector(".unsent-note");
      if (late && !note) {
        const made = document.createElement("span");
        made.className = "unsent-note";
        made.textContent = words.mark;
        label.append(made);
      } else if (!late && note) note.remove();
    }
  }

  function thank() {
    thanks = words.sent;
    setTimeout(() => { thanks = ""; draw(); }, 6000);
  }

  function say(said) {
    retry.hidden = !why || why === "ended";
    signIn.hidden = why !== "ended";
    if (text.textContent !== said) text.textContent = said;
    if (said && !line.isConnected) region.append(line);
    else if (!said) line.remove();
  }

  // --- A page that was loaded again: the ticks are shown as they were left
  function restore() {
    for (const path of paths()) {
      const box = boxOf(path);
      if (box) box.checked = kept(path).on === "1";
    }
  }

  restore();
  refill();
  if (anything()) {
    hadKept = true;
    again();
  } else draw();
})();
