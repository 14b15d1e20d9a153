// Send what waits on this device until the server has answered each scan. The form is in docs/decisions/door.md.
const [AT_ONCE, ANSWER_MS] = [100, 20000];
const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [1500, 30000];

export class Sender {
  // answered(number, answer), renumbered(from, to) and heard(state, why, answer) are called as things happen.
  constructor({ store, path, account, tokenField, answered, renumbered, heard }) {
    Object.assign(this, { store, path, account, tokenField, answered, renumbered, heard, wait: FIRST_WAIT_MS, timer: 0, running: null });
    this.refused = new Set(); // numbers that the server does not take: not sent again while this page is open
    this.alone = false; // one by one, to find the one that is not taken
  }

  // Send all that waits; one sending at a time. even: ask the server also if nothing waits.
  send(even = false) {
    if (this.running) this.again = true;
    else {
      this.running = this.#all(even).finally(() => {
        this.running = null;
        if (this.again) { this.again = false; this.send(); }
      });
    }
    return this.running;
  }

  async #all(even) {
    clearTimeout(this.timer);
    for (let first = even; ; first = false) {
      const waiting = (await this.store.waiting()).filter(([number]) => !this.refused.has(number));
      if (!waiting.length && !first) return;
      const batch = waiting.slice(0, this.alone ? 1 : AT_ONCE);
      if (!(await this.#batch(batch))) return;
    }
  }

  // Return whether to go on.
  async #batch(batch) {
    let response;
    try {
      response = await this.#post(batch);
      const token = response.headers.get("X-CSRF-Token");
      if (response.status === 400 && token) {
        this.tokenField.value = token;
        response = await this.#post(batch);
      }
      if (response.ok) return await this.#taken(batch, await response.json());
    } catch {
      return this.#later("offline"); // no network, or the answer was lost
    }
    if (response.status === 401) return this.#later("ended", false);
    if (response.status === 429 || response.status >= 500) return this.#later("busy");
    const why = await reason(response);
    if (response.status === 422 && batch.length > 1) {
      this.alone = true;
      return true;
    }
    if (response.status === 422 && batch.length) {
      this.refused.add(batch[0][0]);
      this.answered(batch[0][0], { outcome: "refused", sentence: why, counted: false, earlier: null, invitation: null, name: "" }, false);
      return true;
    }
    this.heard("refused", why);
    return false;
  }

  #post(batch) {
    const scans = batch.map(([number, scan]) => ({ number, ...scan }));
    return fetch(this.path, {
      method: "POST", redirect: "error", signal: AbortSignal.timeout(ANSWER_MS), credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.tokenField.value, "X-Account": this.account, "HX-Request": "true" },
      body: JSON.stringify({ device: this.store.device, clock_ms: Date.now(), scans }),
    });
  }

  async #taken(batch, answer) {
    const scans = new Map(batch);
    await this.store.number(answer.device, answer.next);
    if (answer.scans.some((one) => one.outcome === "number_too_high")) await this.store.restart(answer.next);
    for (const one of answer.scans) {
      if (one.outcome === "number_taken" || one.outcome === "number_too_high") this.renumbered(one.number, await this.store.renumber(one.number, scans.get(one.number)));
      else {
        await this.store.remove([one.number]);
        this.answered(one.number, one, true);
      }
    }
    this.wait = FIRST_WAIT_MS;
    this.heard("online", "", answer);
    return answer.scans.length > 0;
  }

  #later(state, repeat = true) {
    this.heard(state, "");
    if (repeat) this.timer = setTimeout(() => this.send(true), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
    return false;
  }
}

async function reason(response) {
  try {
    return (await response.json()).error || `${response.status}`;
  } catch {
    return `${response.status}`;
  }
}
