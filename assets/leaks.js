// Finds API keys in a pasted text, and sends their SHA-256 digests with a form. The text itself is not sent: its field has no name.
"use strict";

// The most digests of one form.
const MOST = 500;

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// CRC-32 (IEEE 802.3) of each byte.
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

// A key ends with six digits of the CRC-32 of the characters before them, its prefix included.
function hasChecksum(key) {
  let sum = 0xffffffff;
  for (let at = 0; at < key.length - 6; at += 1) sum = CRC[(sum ^ key.charCodeAt(at)) & 0xff] ^ (sum >>> 8);
  let rest = (sum ^ 0xffffffff) >>> 0;
  let digits = "";
  for (let place = 0; place < 6; place += 1) {
    digits = DIGITS[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return key.endsWith(digits);
}

function keysIn(text) {
  const keys = new Set();
  for (const [, key] of text.matchAll(/(?=(pck_(?:test_)?[0-9A-Za-z]{38}))/g)) {
    if (hasChecksum(key)) keys.add(key);
  }
  return [...keys];
}

async function digest(key) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const form = document.querySelector("form[data-find-keys]");
if (form && crypto.subtle) {
  const field = form.querySelector("textarea");
  const status = form.querySelector("[data-status]");
  form.hidden = false;
  document.querySelector("[data-in-shell]").hidden = true;
  form.addEventListener("submit", async (event) => {
    if (form.elements.digests.value) return;
    event.preventDefault();
    const keys = keysIn(field.value);
    status.hidden = keys.length > 0;
    if (!keys.length) {
      status.textContent = field.value.trim() ? "There is no API key in this text." : "Paste a text first.";
      field.focus();
      return;
    }
    const digests = await Promise.all(keys.slice(0, MOST).map(digest));
    form.elements.digests.value = digests.join(".");
    form.elements.left_out.value = Math.max(0, keys.length - MOST);
    field.value = "";
    // In a task of its own: digests of short texts are there at once, and a form ignores a submission within its submit event.
    setTimeout(() => form.requestSubmit());
  });
  // Coming back to the page begins anew.
  addEventListener("pageshow", () => { form.elements.digests.value = ""; });
} else if (form) {
  document.querySelector("[data-no-crypto]").hidden = false;
}
