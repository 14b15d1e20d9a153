// The camera that reads codes: by the browser's own reader where it has one, else by the one in vendor/.
const EVERY_MS = 120;
const SAME_MS = 4000; // a code that stays in front of the camera is read once

export class Camera {
  constructor(video, readerAddress, onCode) {
    Object.assign(this, { video, readerAddress, onCode, stream: null, timer: 0, last: "", lastAt: 0 });
  }

  get isOn() { return this.stream !== null; }

  // Raise if there is no camera, or it may not be used.
  async start() {
    this.detector ||= await detectorOf(this.readerAddress);
    this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    this.video.srcObject = this.stream;
    this.video.hidden = false;
    await this.video.play();
    this.light = await navigator.wakeLock?.request("screen").catch(() => null); // the screen stays on
    this.#look();
  }

  stop() {
    clearTimeout(this.timer);
    for (const track of this.stream?.getTracks() || []) track.stop();
    this.light?.release();
    this.stream = null;
    this.video.srcObject = null;
    this.video.hidden = true;
  }

  async #look() {
    if (!this.isOn) return;
    try {
      const found = await this.detector.detect(this.video);
      for (const { rawValue } of found.slice(0, 1)) this.#seen(rawValue);
    } catch {
      // a frame that cannot be read; the next one can
    }
    if (this.isOn) this.timer = setTimeout(() => this.#look(), EVERY_MS);
  }

  #seen(text) {
    const now = performance.now();
    const same = text === this.last && now - this.lastAt < SAME_MS;
    this.last = text;
    this.lastAt = now;
    if (!same) this.onCode(text);
  }
}

async function detectorOf(readerAddress) {
  const wanted = { formats: ["qr_code"] };
  if ("BarcodeDetector" in window && (await window.BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    return new window.BarcodeDetector(wanted);
  }
  const { BarcodeDetector, prepareZXingModule } = window.BarcodeDetectionAPI;
  await prepareZXingModule({ overrides: { locateFile: () => readerAddress }, fireImmediately: true });
  return new BarcodeDetector(wanted);
}
