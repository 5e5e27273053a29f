// What pages do on top of what they do without a script: copy, write times in the reader's zone, and take care of a
// secret that is on the screen. Nothing here is needed to get anywhere.
"use strict";

// Times in the reader's own zone. The server wrote them in the workspace's.
const styles = {
  exact: { dateStyle: "medium", timeStyle: "long" },
  day: { day: "numeric", month: "short", year: "numeric" },
  hour: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
};
for (const time of document.querySelectorAll("time[data-show]")) {
  const at = new Date(time.dateTime);
  const exact = new Intl.DateTimeFormat("en-GB", styles.exact).format(at);
  time.title = exact;
  const style = styles[time.dataset.show];
  if (style) time.textContent = new Intl.DateTimeFormat("en-GB", style).format(at);
}
for (const zone of document.querySelectorAll("[data-zone]")) {
  zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

// What is wrong with a form is read out first.
document.querySelector("[data-focus]")?.focus();

// <button data-copy="id of what to copy" hidden> and an element [data-copied] in the same parent that says how it went.
// Without TLS a browser has no clipboard for scripts; some of them still copy what is selected.
async function copy(source) {
  if (navigator.clipboard) return navigator.clipboard.writeText(source.textContent);
  getSelection().selectAllChildren(source);
  if (!document.execCommand("copy")) throw new Error("no clipboard");
}
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const told = button.parentElement.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await copy(source);
      told.textContent = "Copied";
      button.dispatchEvent(new CustomEvent("copied", { bubbles: true }));
    } catch {
      getSelection().selectAllChildren(source);
      told.textContent = "Your browser did not allow copying. It is selected: copy it with Ctrl+C or ⌘C.";
    }
  });
}

// A secret on the screen: leaving asks first unless it was copied or stored, reloading leads to the key's own page,
// and nothing of it stays behind in a page that the browser keeps in memory.
const secret = document.querySelector("[data-secret]");
if (secret) {
  let isKept = false;
  history.replaceState(null, "", secret.dataset.secret);
  for (const kept of ["copied", "copy"]) secret.addEventListener(kept, () => { isKept = true; });
  secret.addEventListener("submit", (event) => {
    event.preventDefault();
    isKept = true;
    // Where the form leads, without leaving this page behind in the history.
    const to = new URL(event.target.action);
    to.search = new URLSearchParams(new FormData(event.target));
    location.replace(to);
  });
  addEventListener("beforeunload", (event) => { if (!isKept) event.preventDefault(); });
  addEventListener("pagehide", () => { isKept = true; secret.replaceChildren(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

// A secret that came in the part of a link behind #, which a browser sends to nobody, goes into the field that a person
// without a script fills in, and out of the address bar and the history.
const carried = document.querySelector("[data-from-fragment]");
if (carried) {
  const field = document.getElementById(carried.dataset.fromFragment);
  const take = () => {
    // Links within the page have a # too, but no token behind it.
    if (/^#(pc[a-z]_)?[0-9A-Za-z]{40,}$/.test(location.hash)) {
      field.value = location.hash.slice(1);
      history.replaceState(null, "", location.pathname);
    }
    carried.hidden = field.value !== "";
  };
  take();
  addEventListener("hashchange", take);
}

// A time zone that nobody has chosen yet is the reader's.
for (const select of document.querySelectorAll("[data-own-zone]")) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === own)) select.value = own;
}

// A form that makes a secret is sent once: of two answers to two presses of its button only the second would be seen,
// and that one has no secret any more. Whoever comes back to it afterwards finds a new form.
let sentAt = null;
addEventListener("submit", (event) => {
  if (!event.target.elements.once) return;
  if (sentAt !== null && event.timeStamp - sentAt < 10_000) event.preventDefault();
  else sentAt = event.timeStamp;
});
addEventListener("pageshow", (event) => { if (event.persisted && sentAt !== null) location.reload(); });

// A whole key in the search field is not sent: its SHA-256 finds it as well.
const search = document.querySelector("form[data-search]");
search?.addEventListener("submit", async (event) => {
  const field = search.elements.search;
  const found = field.value.match(/\bpck_[0-9A-Za-z]{38}\b/);
  if (!found || !crypto.subtle) return;
  event.preventDefault();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(found[0]));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  field.value = "";
  location.assign(`${search.dataset.search}?search=sha256:${hex}`);
});
