// Door mode: scan a code, or find somebody by two letters, or add somebody uninvited. Each of them is first stored on this device, then sent.
//
// What is shown as stored on the server stands in an answer of the server. store.js keeps, send.js sends, codes.js verifies.
import { Camera } from "./camera.js";
import { fingerprints, isGenuine, read, wordsOf } from "./codes.js";
import { Sender } from "./send.js";
import { signal, wake } from "./signals.js";
import { Memory, openStore } from "./store.js";

const LIST_MS = 60 * 1000; // between two loads of the list
const PAUSE_MS = 250; // after the last letter that is typed
const PATIENCE_MS = 4000; // with a search on the server; then it shows what is kept here, until the answer comes
const FINGERPRINT = 9; // bytes
const SHOWN = 30; // lines of what was recorded last
const WHOLE_WORD = 3; // letters, from which on a word may be a whole name

const main = document.getElementById("main");
const about = main.dataset;
const words = JSON.parse(about.words);
const $ = (id) => document.getElementById(id);
const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_all, key) => values[key] ?? "");
const clock = new Intl.DateTimeFormat(document.documentElement.lang === "id" ? "id-ID" : document.documentElement.lang,
  { timeStyle: "short", timeZone: about.zone });
const entries = new Map(); // number → what was recorded here, newest last

let store = null;
let sender = null;
let list = null;
let fingerprint = null; // makes the list's fingerprints
let byId = new Map();
let byCode = new Map();
let deviceNumber = 0;
let state = "online";
let over = false; // the activity's last day is
let wiped = false;

// --- Start
async function start() {
  $("without-script").hidden = true;
  $("works").hidden = false;
  network("loading");
  try {
    store = await openStore(about.account, about.activity, Number(about.until));
    deviceNumber = await store.deviceNumber();
  } catch {
    store = new Memory(); // a private window, or no room
  }
  sender = new Sender({
    store, path: about.scans, account: about.account, tokenField: main.querySelector("[name=csrf_token]"), answered, renumbered, heard,
  });
  await use(await store.list().catch(() => null));
  for (const [number, scan] of await store.waiting()) await waitsSinceBefore(number, scan);
  if (isOver()) await end();
  await load();
  if (!wiped) await sender.send(true);
  drawDevice();
  main.dataset.ready = "";
  setInterval(() => {
    if (isOver()) end();
    else if (!document.hidden) load();
  }, LIST_MS);
  window.addEventListener("online", again);
  window.addEventListener("offline", () => heard("offline", ""));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) again(); });
  await keepPage();
}

function again() {
  load();
  sender.send(true);
}

const isOver = () => "over" in about || Number(about.until) < Date.now();

// Keep no list any more, and record nothing more. What waits is sent; then nothing stays here.
async function end() {
  if (!over) {
    over = true;
    camera.stop();
    main.dataset.over = "";
    $("over").hidden = false;
    [list, byId, byCode] = [null, new Map(), new Map()];
    await store.forgetList();
  }
  if (wiped || (await store.waiting()).length) return;
  await forget();
  $("network").hidden = true;
}

// Load the list, and keep it.
async function load() {
  if (wiped || over) return;
  let answer;
  try {
    answer = await fetch(about.list, { headers: { "X-Account": about.account, "X-By-Itself": "1", "HX-Request": "true" }, redirect: "error", signal: AbortSignal.timeout(20000) });
  } catch {
    heard("offline", "");
    return;
  }
  if (answer.status === 401) heard("ended", "");
  else if (!answer.ok) heard("busy", "");
  else {
    const fresh = await answer.json();
    await use(fresh);
    await store.keepList(fresh).catch(() => {});
    if (state !== "refused") heard("online", "", fresh);
  }
}

async function use(fresh) {
  if (!fresh) return;
  if (fresh.until_ms < Date.now()) return;
  const here = new Map([...byId].filter(([, one]) => one.here).map(([id, one]) => [id, one]));
  list = fresh;
  fingerprint = await fingerprints(list.key, FINGERPRINT);
  byId = new Map(list.people.map((one) => [one.id, one]));
  byCode = new Map(list.people.filter((one) => one.code).map((one) => [one.code, one]));
  for (const [id, old] of here) if (byId.has(id)) Object.assign(byId.get(id), { present: old.present, here: old.here, at: old.at, left: old.left });
  drawCount(list);
}

// The page and its files, so that it opens again without a network.
async function keepPage() {
  if (!("serviceWorker" in navigator) || !list) return;
  try {
    const registration = await navigator.serviceWorker.register(about.worker, { scope: about.here });
    const worker = await active(registration);
    const files = performance.getEntriesByType("resource").map((one) => one.name).filter((name) => name.includes("/static/"));
    const urls = [location.href.split("#")[0], new URL(about.reader, location).href, ...new Set(files)];
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => { if (data) main.dataset.kept = ""; };
    worker.postMessage({ urls, account: about.account, until: list.until_ms }, [port2]);
  } catch {
    // not by https, or the browser keeps nothing
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

// --- What was read or pressed
async function scanned(text) {
  const judged = await judge(text);
  await record({ how: "qr", action: "in", code: text.slice(0, 500) }, judged);
}

// Return what this device makes of a code: { id, name, place, what, tone }. The server decides in the end.
async function judge(text) {
  const code = read(text);
  if (!code) return { what: say("forged"), tone: "bad" };
  if (!list) return { what: say("unchecked"), tone: "look" };
  if (!(await isGenuine(code, list.verify))) return { what: say("forged"), tone: "bad" };
  if (code.activity !== Number(about.activity)) return { what: say("other_activity"), tone: "bad" };
  if (list.until_ms < Date.now()) return { what: say("expired"), tone: "bad" };
  const one = byCode.get(await fingerprint(code.said));
  return one ? standing(one) : { id: byId.has(code.invitation) ? undefined : code.invitation, what: say("genuine"), tone: "look" };
}

function standing(one) {
  const known = { id: one.id, name: one.name, place: one.place };
  if (!one.present) return { ...known, what: say("present"), tone: "good" };
  return { ...known, what: already(one), tone: "look" };
}

function already(one) {
  if (!one.at) return say("already");
  const device = one.here ? say("this_device") : one.device ? say("device", { n: one.device }) : say("sheet");
  return say("already_at", { device, time: clock.format(one.at) });
}

async function tick(one) {
  await record({ how: "name", action: "in", invitation: one.id }, standing({ ...one, ...byId.get(one.id), name: one.name, place: one.place }));
}

async function leave(one) {
  await record({ how: "name", action: "out", invitation: one.id }, { id: one.id, name: one.name, place: one.place, what: say("out"), tone: "look" });
}

async function undo(entry) {
  await record({ how: "name", action: "undo", invitation: entry.id }, { id: entry.id, name: entry.name, place: entry.place, what: say("undone"), tone: "look" });
}

// Store on this device, show that, and send.
async function record(scan, judged) {
  wake();
  const made = { ...scan, at_ms: Date.now() };
  const entry = { ...judged, action: scan.action, at: made.at_ms, kept: "saving", note: "" };
  show(entry);
  try {
    entry.number = await store.add(made);
    entry.kept = store.lasting ? "on_device" : "saving";
    entries.set(entry.number, entry);
    remember(entry);
  } catch {
    lost(entry);
  }
  if ($("sound").checked) signal(entry.tone);
  show(entry);
  log(entry);
  drawWaiting();
  if (entry.kept === "not_stored") return;
  await sender.send();
  if (store.lasting || !entries.has(entry.number)) return;
  await store.remove([entry.number]); // it did not get through, and this browser keeps nothing
  entries.delete(entry.number);
  lost(entry);
  if (shownEntry === entry) show(entry);
  log(entry);
  drawWaiting();
}

function lost(entry) {
  Object.assign(entry, { kept: "not_stored", note: say("no_room"), tone: "bad" });
}

function remember({ id, tone, action, at }) {
  const one = byId.get(id);
  if (!one || tone === "bad") return;
  if (action === "out") {
    one.left = true;
    return;
  }
  const came = action === "in";
  one.left = false;
  if (came && one.present) return;
  Object.assign(one, { present: came, here: came, at: came ? at : 0 });
}

async function waitsSinceBefore(number, scan) {
  const judged = scan.code ? await judge(scan.code) : { id: scan.invitation, name: scan.person?.name || byId.get(scan.invitation)?.name, what: "", tone: "look" };
  const what = say({ undo: "undone", out: "out" }[scan.action] || "present");
  const entry = { ...judged, what: judged.tone === "bad" ? judged.what : what, number, action: scan.action, at: scan.at_ms, kept: "on_device", note: "" };
  entries.set(number, entry);
  remember(entry);
  log(entry);
  drawWaiting();
}

// --- What the server answers
function answered(number, answer, isStored) {
  const entry = entries.get(number);
  const shown = entry && shownEntry === entry;
  if (!entry) return;
  entry.kept = isStored ? "on_server" : "not_stored";
  entry.id = answer.invitation ?? entry.id;
  entry.name = answer.name || entry.name;
  const { outcome, earlier } = answer;
  if (!answer.counted) Object.assign(entry, { tone: "bad", what: `${say("failed")}. ${answer.sentence}` });
  else if (outcome === "already") {
    const device = earlier?.device ? say("device", { n: earlier.device }) : say("sheet");
    Object.assign(entry, { tone: "look", what: earlier ? say("already_at", { device, time: earlier.time }) : say("already") });
  } else if (outcome === "withdrawn") Object.assign(entry, { tone: "look", what: say("withdrawn") });
  else if (outcome in words) Object.assign(entry, { tone: outcome === "present" ? "good" : "look", what: say(outcome) });
  if (shown) show(entry);
  log(entry);
  entries.delete(number);
  drawWaiting();
  if (over) end();
}

function renumbered(from, to) {
  const entry = entries.get(from);
  if (!entry) return;
  entries.delete(from);
  entry.number = to;
  entries.set(to, entry);
}

function heard(now, why, answer = null) {
  const isBack = now === "online" && state !== now;
  state = now;
  network(now, { why });
  $("sign-in").hidden = now !== "ended";
  if (answer?.expected !== undefined) drawCount(answer);
  if (answer?.device) {
    deviceNumber = answer.device;
    drawDevice();
  }
  drawWaiting();
  if (isBack && !$("found").hidden && $("found").dataset.here) find();
}

// --- Drawing
let shownEntry = null;

function show(entry) {
  shownEntry = entry;
  const box = $("outcome");
  box.hidden = false;
  box.dataset.tone = entry.kept === "not_stored" ? "bad" : entry.tone;
  box.dataset.number = entry.number || "";
  box.dataset.kept = entry.kept;
  const [who, what, kept] = box.children;
  who.textContent = [entry.name || say("somebody"), entry.place].filter(Boolean).join(" · ");
  what.textContent = entry.what;
  kept.textContent = `${say(entry.kept)}${entry.note ? `. ${entry.note}` : ""}`;
}

function log(entry) {
  entry.line ||= document.createElement("li");
  const line = entry.line;
  line.dataset.tone = entry.tone;
  line.dataset.kept = entry.kept;
  line.dataset.number = entry.number || "";
  const text = document.createElement("span");
  const small = document.createElement("small");
  text.textContent = [entry.name || say("somebody"), entry.place].filter(Boolean).join(" · ");
  small.textContent = [clock.format(entry.at), entry.what, say(entry.kept)].filter(Boolean).join(" · ");
  text.append(small);
  line.replaceChildren(text);
  if (entry.id && entry.action === "in" && entry.tone !== "bad") line.append(button(say("undo"), say("undo_of", { name: entry.name || "" }), () => undo(entry)));
  if (!line.isConnected) $("log").prepend(line);
  while ($("log").children.length > SHOWN) $("log").lastElementChild.remove();
}

function button(text, label, press) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "btn", textContent: text });
  made.setAttribute("aria-label", label);
  made.addEventListener("click", press);
  return made;
}

function network(now, values = {}) {
  const line = $("network");
  if (line.dataset.state === now && !values.why) return; // a screen reader hears only what has changed
  line.dataset.state = now;
  line.textContent = say(now, values);
}

function drawCount({ expected, present }) {
  $("count").textContent = say("count", { expected, present });
}

function drawDevice() {
  $("device").textContent = deviceNumber ? say("device", { n: deviceNumber }) : say("no_number");
}

function drawWaiting() {
  const count = entries.size;
  $("waiting").hidden = count === 0;
  $("waiting").querySelector("p").textContent = count === 1 ? say("waiting_one") : say("waiting", { n: count });
  try {
    const waits = `outreach.scans.${about.account}.${about.activity}`; // requests.js asks before forget.js deletes them
    if (count) localStorage[waits] = count;
    else localStorage.removeItem(waits);
  } catch {
    // a browser that stores nothing
  }
}

// --- Find by two letters
let typing = 0;

$("q").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(find, PAUSE_MS);
});
$("find").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  find();
});
$("found-close").addEventListener("click", closeFound);

function closeFound() {
  $("found").hidden = true;
  $("q").value = "";
}

async function find() {
  const typed = $("q").value.trim();
  if (typed.length < 2) {
    $("found").hidden = true;
    return;
  }
  const isWanted = () => $("q").value.trim() === typed;
  const asked = state === "online" ? onServer(typed) : undefined;
  let people = await Promise.race([asked, new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS); })]);
  if (!people && isWanted()) {
    showFound(list ? await foundHere(typed) : [], true);
    people = await asked; // names are better than initials, also when they come late
  }
  if (people && isWanted()) showFound(people, false);
}

function showFound(people, isHere) {
  const [said, rows] = $("found").children;
  said.textContent = people.length ? say(isHere ? "found_here" : "found", { n: people.length }) : say("none_found");
  rows.replaceChildren(...people.map(row));
  $("found").dataset.here = isHere || "";
  $("found").hidden = false;
}

// Return the people whom the server finds, or undefined where it cannot be asked.
async function onServer(typed) {
  try {
    const answer = await fetch(`${about.people}?q=${encodeURIComponent(typed)}`, {
      headers: { "X-Account": about.account, "HX-Request": "true" }, redirect: "error", signal: AbortSignal.timeout(20000),
    });
    return answer.ok ? (await answer.json()).people : undefined;
  } catch {
    return undefined;
  }
}

// By initials ("AW", or the first letter of a name), and by the fingerprints of whole words.
async function foundHere(typed) {
  const parts = wordsOf(typed);
  const prints = await Promise.all(parts.filter((part) => part.length >= WHOLE_WORD).map((part) => fingerprint(new TextEncoder().encode(part))));
  const byWord = list.people.filter((one) => prints.length && prints.every((print) => one.words.includes(print)));
  if (byWord.length) return byWord;
  const letters = (parts.length > 1 ? parts.map((part) => part[0]).join("") : parts[0] || "").toUpperCase();
  const initials = (one) => one.name.replace(/[^\p{L}]/gu, "").toUpperCase();
  const first = list.people.filter((one) => initials(one).startsWith(letters));
  return first.length ? first : list.people.filter((one) => initials(one).startsWith(letters.slice(0, 1)));
}

function row(one) {
  const line = document.createElement("li");
  const text = document.createElement("span");
  const small = document.createElement("small");
  text.textContent = one.name;
  const present = byId.get(one.id)?.present || one.present;
  small.textContent = [one.place, one.left ? say("out") : present ? say("already") : ""].filter(Boolean).join(" · ");
  text.append(small);
  line.append(text, button(say("is_here"), say("tick_of", { name: one.name }), () => { closeFound(); tick(one); }));
  if (present && !one.left) line.lastChild.before(button(say("out"), say("leaves_of", { name: one.name }), () => { closeFound(); leave(one); }));
  return line;
}

// --- Somebody uninvited
const walkIn = $("walk-in");
$("walk-in-open").addEventListener("click", () => {
  walkIn.querySelector("form").reset();
  $("w-name").value = $("q").value.trim().length > 2 ? $("q").value.trim() : "";
  walkIn.showModal();
  $("w-name").focus();
});
$("walk-in-close").addEventListener("click", () => walkIn.close());
walkIn.querySelector("form").addEventListener("submit", () => {
  const form = new FormData(walkIn.querySelector("form"));
  const person = { name: $("w-name").value.trim(), region: $("w-region").value, sex: form.get("sex") || "", age_group: form.get("age_group") || "" };
  const place = $("w-region").value ? $("w-region").selectedOptions[0].textContent : "";
  if (!person.name) return;
  closeFound();
  record({ how: "walk_in", action: "in", person }, { name: person.name, place, what: say("present"), tone: "good" });
});

// --- The camera
const camera = new Camera($("camera"), about.reader, scanned);
$("camera-button").addEventListener("click", async () => {
  wake();
  if (camera.isOn) camera.stop();
  else {
    try {
      await camera.start();
    } catch {
      camera.stop();
      $("camera-words").textContent = say("no_camera");
      return;
    }
  }
  $("camera-words").textContent = camera.isOn ? say("hold") : "";
  $("camera-button").querySelector("span").textContent = say(camera.isOn ? "stop" : "scan");
});

// --- Deleting
$("send").addEventListener("click", again);
$("wipe").addEventListener("click", () => {
  $("wipe-asks").querySelector("p").textContent = entries.size ? say("wipe_waiting", { n: entries.size }) : say("wipe_none");
  $("wipe-asks").showModal();
});
$("wipe-asks").addEventListener("close", async () => {
  if ($("wipe-asks").returnValue !== "wipe") return;
  await forget();
  network("wiped");
});

async function forget() {
  wiped = true;
  camera.stop();
  $("works").hidden = true;
  entries.clear();
  drawWaiting();
  [list, byId, byCode] = [null, new Map(), new Map()];
  await store.wipe();
  if ("caches" in window) await caches.delete(`outreach.door.${about.account}`);
  for (const registration of (await navigator.serviceWorker?.getRegistrations()) || []) if (registration.scope.endsWith(about.here)) await registration.unregister();
}

start();
