// The drawn calendar over the page's own tables, and the dialog in which an activity is moved. The page is complete without it.
"use strict";
(() => {
  const root = document.getElementById("calendar");
  const plain = document.getElementById("calendar-plain");
  const dialog = document.getElementById("calendar-dialog");
  const words = JSON.parse(root.dataset.words);
  const notes = new Map([...plain.querySelectorAll("[data-day]")].map((el) => [el.dataset.day, el.dataset.note]));
  const kinds = new Map([...plain.querySelectorAll("[data-day]")].map((el) => [el.dataset.day, el.dataset.kind]));
  const two = (number) => String(number).padStart(2, "0");
  const dayOf = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const wallOf = (date) => `${dayOf(date)}T${two(date.getHours())}:${two(date.getMinutes())}:00`;

  // --- The dialog: it shows the pages of a move as fragments, without the frame around them
  const body = dialog.querySelector(".cal-dialog-body");
  let leave = null; // the function that puts back a dragged activity

  async function show(url) {
    body.replaceChildren(made("p", "cal-wait", words.wait));
    if (!dialog.open) dialog.showModal();
    let answer;
    try {
      answer = await fetch(url, { headers: { "X-Fragment": "1" } });
    } catch {
      body.replaceChildren(made("p", "cal-wait", words.failed));
      return;
    }
    if (answer.redirected || !(answer.ok || answer.status === 422)) {
      leave = null;
      location.assign(url); // signed out, or no longer there: the page itself says so
      return;
    }
    body.innerHTML = await answer.text();
    const form = body.querySelector("form");
    const field = body.querySelector(".is-invalid") || (form && form.method === "get" && form.querySelector("input:not([type=hidden])"));
    (field || body.querySelector("h2")).focus();
    dialog.scrollTop = 0;
  }

  dialog.addEventListener("click", (event) => {
    const closes = event.target.closest("[data-closes]");
    const inside = event.target.closest("[data-inside]");
    if (closes || inside) event.preventDefault();
    if (closes) dialog.close();
    if (inside) show(inside.href);
  });
  dialog.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "get") {
      event.preventDefault();
      show(`${form.action}?${new URLSearchParams(new FormData(form))}`);
    } else {
      leave = null;
      form.querySelector("button[type=submit]").disabled = true;
    }
  });
  dialog.addEventListener("close", () => {
    if (leave) leave();
    leave = null;
    body.replaceChildren();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.cal-edit, a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link.href);
  });

  // --- The offer to take back the last move; it disappears when its time is over
  const undo = document.querySelector(".cal-undo");
  if (undo) setTimeout(() => undo.remove(), Number(undo.dataset.seconds) * 1000);

  // --- Printing: it prints the page's own tables
  for (const button of document.querySelectorAll("[data-prints]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // --- Drawing
  const data = root.dataset;
  const roomy = window.matchMedia("(min-width: 760px)").matches;
  const drawable = data.view === "day" || (roomy && (data.view !== "rows" || JSON.parse(data.resources).length));
  if (!window.EventCalendar || !drawable) return;

  function made(tag, name, text) {
    const el = document.createElement(tag);
    el.className = name;
    el.textContent = text;
    return el;
  }

  function dayHead(date, format) {
    const day = dayOf(date);
    const text = new Intl.DateTimeFormat(data.locale, format).format(date);
    const link = made("a", "cal-head", text);
    const here = new URL(data.here, location.href);
    here.searchParams.set("view", "day");
    here.searchParams.set("on", day);
    link.href = here.pathname + here.search;
    const name = format.month ? text : new Intl.DateTimeFormat(data.locale, { dateStyle: "full" }).format(date); // it contains the text
    link.setAttribute("aria-label", [name, notes.get(day)].filter(Boolean).join(", "));
    return { domNodes: notes.get(day) ? [link, made("span", `cal-head-note cal-head-${kinds.get(day)}`, notes.get(day))] : [link] };
  }

  function content({ event, timeText }) {
    if (event.display === "background") {
      return { domNodes: event.title ? [made("span", "cal-behind-title", event.title)] : [] };
    }
    const more = event.extendedProps;
    const time = data.view === "month" && more.place ? `${timeText} · ${more.place}` : timeText;
    const parts = [made("span", "cal-ev-time", time), made("span", "cal-ev-title", event.title)];
    if (more.mark) parts.unshift(made("span", "cal-flag", "!"));
    if (data.view === "week" || data.view === "day") parts.splice(1, 0, made("span", "cal-ev-where", more.place || more.where || ""));
    return { domNodes: parts };
  }

  function moved(info) {
    const more = info.event.extendedProps;
    if (data.rows === "speakers" && info.newResource) {
      info.revert();
      say(words.speakers);
      return;
    }
    const query = new URLSearchParams({
      starts: wallOf(info.event.start), ends: wallOf(info.event.end), version: more.version, back: data.here,
    });
    if (data.rows === "venues" && info.newResource) query.set("venue", info.newResource.id);
    leave = info.revert;
    show(`${more.move}?${query}`);
  }

  function opened({ event, jsEvent }) {
    jsEvent.preventDefault(); // else the same Enter would press the dialog's first button
    const more = event.extendedProps;
    if (more.move) show(`${more.move}?${new URLSearchParams({ back: data.here })}`);
    else location.assign(more.url);
  }

  function say(text) {
    const line = document.querySelector(".cal-keys");
    line.hidden = false;
    line.setAttribute("role", "status");
    line.textContent = text;
  }

  async function events() {
    const url = new URL(data.events, location.href);
    const end = new Date(`${data.last}T12:00:00`);
    end.setDate(end.getDate() + 1);
    url.searchParams.set("start", data.first);
    url.searchParams.set("end", dayOf(end));
    try {
      const answer = await fetch(url);
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const found = await answer.json();
      requestAnimationFrame(() => root.setAttribute("data-ready", "1"));
      return found;
    } catch {
      root.hidden = true;
      plain.classList.remove("cal-behind-drawn");
      say(words.failed);
      return [];
    }
  }

  // For screen readers, the drawing is a group of articles and not a table. The page's own tables are for printing and for lists.
  function tidy() {
    for (const name of ["role", "aria-colindex", "aria-colspan"]) {
      for (const el of root.querySelectorAll(`[${name}]`)) el.removeAttribute(name);
    }
    // The heads of days are read as written. Without a role, an element may have no name of its own.
    for (const el of root.querySelectorAll("span[aria-label], time[aria-label]")) el.removeAttribute("aria-label");
    for (const el of root.querySelectorAll("aside")) el.setAttribute("role", "none"); // the hours, or the names of rows
    if (data.view === "month") {
      for (const el of root.querySelectorAll(".ec-day")) {
        const kind = kinds.get((el.querySelector("time") || {}).dateTime);
        if (kind) el.dataset.kind = kind;
      }
    }
    const main = root.querySelector(".ec-main");
    if (main && main.scrollWidth > main.clientWidth) main.tabIndex = 0;
  }

  function evenUntil() { // labels stand at every second hour, and the last needs room as well
    const [from, until] = [parseInt(data.from, 10), parseInt(data.until, 10)];
    return `${two(Math.min(24, until + (until - from) % 2))}:00`;
  }

  const inHours = { slotMinTime: data.from, slotMaxTime: data.until, slotHeight: 22, scrollTime: data.from };
  const views = {
    month: { view: "dayGridMonth" },
    week: { view: "timeGridWeek", ...inHours },
    day: { view: "timeGridDay", ...inHours },
    rows: data.hours
      ? { view: "resourceTimelineDay", ...inHours, slotDuration: "01:00", slotMaxTime: evenUntil(), slotWidth: Number(data.days) > 2 ? 28 : 46, slotLabelInterval: "02:00" }
      : { view: "resourceTimelineMonth", columnWidth: "6.5rem" },
  };
  const chosen = views[data.view];
  root.hidden = false;
  plain.classList.add("cal-behind-drawn");
  document.querySelector(".cal-keys").hidden = false;
  const time = { hour: "2-digit", minute: "2-digit", hour12: false };
  window.EventCalendar.create(root, {
    ...chosen,
    date: data.on,
    firstDay: 1,
    locale: data.locale,
    timeZone: data.offset,
    headerToolbar: { start: "", center: "", end: "" },
    allDaySlot: false,
    editable: Boolean(data.move),
    eventResizableFromStart: data.view !== "month",
    eventStartEditable: Boolean(data.move),
    eventDurationEditable: Boolean(data.move) && data.view !== "month" && Boolean(data.hours),
    snapDuration: data.hours ? "00:15" : undefined,
    nowIndicator: true,
    slotEventOverlap: false,
    displayEventEnd: data.view === "day",
    eventTimeFormat: time,
    slotLabelFormat: time,
    resources: JSON.parse(data.resources || "[]").map((one) => ({ id: one.id, title: one.title })),
    eventSources: [{ events }],
    views: { [chosen.view]: data.view === "rows" ? { duration: { days: Number(data.days) } } : {} },
    dayHeaderFormat: data.view === "month" ? { weekday: "long" } : (date) => dayHead(date, { weekday: "short", day: "numeric", month: "short" }),
    dayCellFormat: (date) => dayHead(date, { day: "numeric" }),
    eventContent: content,
    eventDrop: moved,
    eventResize: moved,
    eventClick: opened,
    eventDidMount: ({ el, event }) => {
      if (event.display === "background") return;
      el.removeAttribute("role"); // an article may be no button; what it does is said beside its name
      el.setAttribute("aria-roledescription", words.press);
      el.setAttribute("aria-label", event.extendedProps.about || event.title);
      el.title = event.extendedProps.about || event.title;
    },
    eventAllUpdated: tidy,
    viewDidMount: tidy,
  });
})();
