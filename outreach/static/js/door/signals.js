// A sound and a vibration for each outcome, for whoever does not look at the screen.
const SOUNDS = { good: [[880, 0, 0.12]], look: [[660, 0, 0.12], [660, 0.18, 0.12]], bad: [[220, 0, 0.4]] }; // hertz, from, seconds
const PATTERNS = { good: [60], look: [60, 60, 60], bad: [300] }; // milliseconds
let audio = null;

// Browsers allow sound only after something was pressed.
export function wake() {
  if ("AudioContext" in window) audio ||= new AudioContext();
  audio?.resume();
}

export function signal(tone) {
  navigator.vibrate?.(PATTERNS[tone]);
  if (audio?.state !== "running") return;
  for (const [pitch, from, seconds] of SOUNDS[tone]) {
    const [tune, volume] = [audio.createOscillator(), audio.createGain()];
    tune.frequency.value = pitch;
    volume.gain.value = 0.2;
    tune.connect(volume).connect(audio.destination);
    tune.start(audio.currentTime + from);
    tune.stop(audio.currentTime + from + seconds);
  }
}
