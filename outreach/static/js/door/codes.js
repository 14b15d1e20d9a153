// What a code for the entrance says, and whether it is genuine: by the office's public keys alone, without a network.
// The form of a code is in outreach/domain/door/codes.py.
const [VERSION, SAID, WHOLE] = [1, 14, 78]; // bytes: of what is signed, and of a code
const IN_TEXT = /(?:^|\/k\/)([A-Za-z0-9_-]{104})$/;
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const imported = new Map(); // public keys, as WebCrypto has them

export function bytesOf(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}

export function textOf(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Return what a camera read as a code, or null if it is none. said: what its fingerprint is made of.
export function read(text) {
  const found = IN_TEXT.exec(text.trim());
  if (!found) return null;
  const bytes = bytesOf(found[1]);
  const view = new DataView(bytes.buffer);
  if (bytes.length !== WHOLE || bytes[0] !== VERSION) return null;
  const said = bytes.slice(0, SAID);
  said[1] = 0; // whichever key signed it
  return {
    text: found[1], keyId: bytes[1], activity: view.getUint32(2), invitation: view.getUint32(6), said,
    signed: bytes.slice(0, SAID), signature: bytes.slice(SAID),
  };
}

// Return whether one of the office's keys signed a code. keys: by their id, in base64url.
export async function isGenuine(code, keys) {
  const key = keys[code.keyId];
  if (!key) return false;
  if (!imported.has(key)) imported.set(key, crypto.subtle.importKey("raw", bytesOf(key), P256, false, ["verify"]));
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, await imported.get(key), code.signature, code.signed);
}

// Return a function that makes fingerprints with the list's key (outreach/queries/door/manifest.py).
export async function fingerprints(key, length) {
  const own = await crypto.subtle.importKey("raw", bytesOf(key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return async (bytes) => textOf(new Uint8Array(await crypto.subtle.sign("HMAC", own, bytes)).slice(0, length));
}

// Return the words of a name as manifest.py divides it.
export function wordsOf(name) {
  return name.toLowerCase().replaceAll("'", "").split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}
