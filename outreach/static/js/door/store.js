// What this device keeps of a door: the list and what is not on the server yet, encrypted, for one account and one activity.
//
// The key is made here, cannot be read out, and lies beside what it opens. So it protects a copy of the files, not an unlocked device:
// docs/decisions/door.md. forget.js deletes all of it in time.
import { openDB } from "../../vendor/door/idb.js";
import { textOf } from "./codes.js";

const AES = { name: "AES-GCM", length: 256 };
const SURE = { durability: "strict" }; // written to the disk before it is called stored

// until: when the activity is over, in milliseconds since 1970.
export async function openStore(account, activity, until) {
  const db = await openDB("outreach.door", 1, {
    upgrade(made) { for (const name of ["device", "keys", "lists", "queue"]) made.createObjectStore(name); },
  });
  const store = new Store(db, account, activity, until);
  await store.prepare();
  return store;
}

// Where the browser keeps nothing: in memory, until the page is left. What is in it is never shown as stored.
export class Memory {
  lasting = false;
  device = textOf(crypto.getRandomValues(new Uint8Array(16)));
  #queue = new Map();
  #next = 1;
  #number = 0;
  deviceNumber = async () => this.#number;
  number = async (number, next) => { this.#number = number; this.#next = Math.max(this.#next, next); };
  list = async () => null;
  keepList = async () => {};
  forgetList = async () => {};
  add = async (scan) => { this.#queue.set(this.#next, scan); return this.#next++; };
  waiting = async () => [...this.#queue];
  remove = async (numbers) => { for (const number of numbers) this.#queue.delete(number); };
  restart = async (next) => { this.#next = next; };
  renumber = async (number, scan) => { this.#queue.delete(number); return this.add(scan); };
  wipe = async () => this.#queue.clear();
}

class Store {
  lasting = true;

  constructor(db, account, activity, until) {
    Object.assign(this, { db, account, activity, until, id: `${account}.${activity}` });
  }

  async prepare() {
    const made = await crypto.subtle.generateKey(AES, false, ["encrypt", "decrypt"]);
    const device = crypto.getRandomValues(new Uint8Array(16));
    const tx = this.db.transaction(["keys", "device", "lists"], "readwrite", SURE);
    const [keys, devices, lists] = [tx.objectStore("keys"), tx.objectStore("device"), tx.objectStore("lists")];
    if (!(await keys.get(this.id))) await keys.put(made, this.id);
    // Until then forget.js leaves the key, also while there is no list yet.
    if (!(await lists.get(this.id))) await lists.put({ account: this.account, until: this.until }, this.id);
    this.key = await keys.get(this.id);
    if (!(await devices.get("own"))) {
      await devices.put({ key: textOf(device), next: 1, number: 0 }, "own");
    }
    this.device = (await devices.get("own")).key;
    await tx.done;
  }

  // Return the number that people can say, 0 before the server has given one.
  async deviceNumber() {
    return (await this.db.get("device", "own")).number;
  }

  async number(number, next) {
    const tx = this.db.transaction("device", "readwrite");
    const own = await tx.store.get("own");
    await tx.store.put({ ...own, number, next: Math.max(own.next, next) }, "own");
    await tx.done;
  }

  // Go on with a number that the server takes.
  async restart(next) {
    const tx = this.db.transaction("device", "readwrite");
    await tx.store.put({ ...(await tx.store.get("own")), next }, "own");
    await tx.done;
  }

  async list() {
    const kept = await this.db.get("lists", this.id);
    return kept?.data ? this.#opened(kept) : null;
  }

  async keepList(list) {
    await this.db.put("lists", { ...(await this.#closed(list)), account: this.account, until: list.until_ms }, this.id);
  }

  forgetList() {
    return this.db.delete("lists", this.id);
  }

  // Store a scan under the device's next number, and return that. Two tabs never get the same one.
  async add(scan) {
    const number = await this.#nextNumber();
    await this.#put(number, scan);
    return number;
  }

  // Return what waits, in its order, as [number, scan].
  async waiting() {
    const tx = this.db.transaction("queue");
    const [numbers, kept] = await Promise.all([tx.store.getAllKeys(), tx.store.getAll()]);
    const mine = numbers.map((number, at) => [number, kept[at]]).filter(([, one]) => one.id === this.id);
    return Promise.all(mine.map(async ([number, one]) => [number, await this.#opened(one)]));
  }

  async remove(numbers) {
    const tx = this.db.transaction("queue", "readwrite");
    for (const number of numbers) tx.store.delete(number);
    await tx.done;
  }

  // Give a scan another number, because the server has this one of another scan.
  async renumber(number, scan) {
    const fresh = await this.add(scan);
    await this.remove([number]);
    return fresh;
  }

  async wipe() {
    const tx = this.db.transaction(["keys", "lists", "queue"], "readwrite");
    const queue = tx.objectStore("queue");
    for (const number of await queue.getAllKeys()) if ((await queue.get(number)).id === this.id) await queue.delete(number);
    await Promise.all([tx.objectStore("lists").delete(this.id), tx.objectStore("keys").delete(this.id), tx.done]);
  }

  async #nextNumber() {
    const tx = this.db.transaction("device", "readwrite");
    const own = await tx.store.get("own");
    await tx.store.put({ ...own, next: own.next + 1 }, "own");
    await tx.done;
    return own.next;
  }

  async #put(number, scan) {
    const kept = { ...(await this.#closed(scan)), id: this.id, account: this.account, at: scan.at_ms };
    const tx = this.db.transaction("queue", "readwrite", SURE); // begun only now: a transaction does not wait for the encryption
    await Promise.all([tx.store.put(kept, number), tx.done]);
  }

  async #closed(value) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = new TextEncoder().encode(JSON.stringify(value));
    return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.key, data) };
  }

  async #opened({ iv, data }) {
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, this.key, data);
    return JSON.parse(new TextDecoder().decode(opened));
  }
}
