// Progressive enhancement: copying, and handling of a secret on the screen. Every page works without this script.
"use strict";

// A key, a token or a signing secret in a text that was typed. docs.js, which is loaded after this script, uses it too.
const TYPED_SECRET = /pc[a-z]_(test_)?[0-9A-Za-z]{20}|whsec_[0-9A-Za-z+\/=]{20}/;

// Screen readers read the errors of a form first.
document.querySelector("[data-focus]")?.focus();

// <button data-copy="id of what to copy" hidden> and an element [data-copied] in the same parent for the result.
// Without TLS browsers have no clipboard API; some of them still copy the selection.
async function copy(source) {
  if (navigator.clipboard) return navigator.clipboard.writeText(source.textContent);
  getSelection().selectAllChildren(source);
  if (!document.execCommand("copy")) throw new Error("no clipboard");
}
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const status = button.parentElement.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await copy(source);
      status.textContent = "Copied";
      if (button.closest(".copy")) setTimeout(() => { status.textContent = ""; }, 3000);
      button.dispatchEvent(new CustomEvent("copied", { bubbles: true }));
    } catch {
      getSelection().selectAllChildren(source);
      status.textContent = "Your browser did not allow copying. The text is selected: press Ctrl+C or ⌘C.";
    }
  });
}

// A secret on the screen: leaving asks for confirmation unless it was copied or stored, reloading leads to the key's
// page, and the secret is removed from a page that the browser keeps in memory.
const secret = document.querySelector("[data-secret]");
if (secret) {
  let isKept = false;
  history.replaceState(null, "", secret.dataset.secret);
  for (const kept of ["copied", "copy"]) secret.addEventListener(kept, () => { isKept = true; });
  secret.addEventListener("click", (event) => { if (event.target.closest("[data-keeps]")) isKept = true; });
  secret.addEventListener("submit", (event) => {
    if (event.target.target === "_blank") return;
    isKept = true;
    if (event.target.method === "post") return;
    event.preventDefault();
    // Follows the form without leaving this page in the history.
    const to = new URL(event.target.action);
    to.search = new URLSearchParams(new FormData(event.target));
    location.replace(to);
  });
  addEventListener("beforeunload", (event) => { if (!isKept) event.preventDefault(); });
  addEventListener("pagehide", () => { isKept = true; secret.replaceChildren(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

// The answer to a form. When the reader leaves it, its place in the history becomes that of the form's own page: going
// back would otherwise ask whether to send the form again. A link to a field moves there without a place in the history.
const posted = document.querySelector("[data-posted]");
if (posted) {
  const leave = () => history.replaceState(null, "", posted.dataset.posted || location.href);
  addEventListener("submit", leave);
  addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || link.target) return;
    const field = link.getAttribute("href").startsWith("#") && document.getElementById(link.hash.slice(1));
    if (!field) return leave();
    event.preventDefault();
    field.focus();
  });
}

// A secret in the URL fragment, which browsers do not send, is moved to the form that people without JavaScript fill in,
// and removed from the address bar and the history. The form is sent at once: the next page shows what the link opens.
const carried = document.querySelector("form[data-from-fragment]");
if (carried || ["/join", "/setup"].includes(location.pathname)) {
  const take = () => {
    // Links within the page have a fragment too, but no token in it.
    if (!/^#(pc[a-z]_)?[0-9A-Za-z]{40,}$/.test(location.hash)) return;
    // Another link in the address bar of a page without the form: another address, so that the page is loaded.
    if (!carried) return location.replace(`${location.pathname}?${location.hash}`);
    carried.elements.code.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    // A code that is to be corrected beside other fields is not sent without them.
    if (carried.elements.password && carried.elements.code.type !== "hidden") return;
    // The page after the code has more fields: with another link in the address bar, only its code is sent.
    for (const field of carried.elements) field.disabled = !["csrf", "code"].includes(field.name);
    carried.submit();
  };
  if (carried) take();
  addEventListener("hashchange", take);
}

// The default time zone is the reader's.
for (const select of document.querySelectorAll("[data-own-zone]")) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === own)) select.value = own;
}

// The documentation has no session of its own. On its pages, docs.js asks for what only a member sees if this note is there.
if (document.querySelector("form[action='/sign-out']")) {
  const reader = document.querySelector(".menu a[href='/settings/api-keys']") ? "administrator" : "member";
  try { localStorage.setItem("planeconnection-reader", reader); } catch { /* Storage may be switched off. */ }
}

// A form that creates a secret is sent once: after a double click only the second response would be seen, and that one
// does not contain the secret. Coming back to the page loads a new form.
let sentAt = null;
addEventListener("submit", (event) => {
  if (!event.target.elements.once) return;
  if (sentAt !== null && event.timeStamp - sentAt < 10_000) event.preventDefault();
  else sentAt = event.timeStamp;
});
addEventListener("pageshow", (event) => { if (event.persisted && sentAt !== null) location.reload(); });

// A full key in the search field is not sent: its SHA-256 finds the key as well.
const search = document.querySelector("form[data-search]");
search?.addEventListener("submit", async (event) => {
  const field = search.elements.search;
  const found = field.value.match(/\bpck_(test_)?[0-9A-Za-z]{38}\b/);
  if (!found || !crypto.subtle) return;
  event.preventDefault();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(found[0]));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  field.value = "";
  location.assign(`${search.dataset.search}?search=sha256:${hex}`);
});

// The command menu, by Ctrl+K or ⌘K: pages and keys, read from the server as HTML. The link in the header leads to the same
// search without it. "/" goes to the search field of the page, or opens the menu.
const command = document.querySelector("dialog[data-command]");
if (command) {
  const opener = document.querySelector("[data-find]");
  const field = command.querySelector("input");
  const results = command.querySelector(".results");
  const refused = command.querySelector("[data-refused]");
  let latest = 0;
  let timer = 0;
  // The text that the results on the screen are for.
  let shown = null;
  const show = async () => {
    const [asked, text] = [++latest, field.value];
    clearTimeout(timer);
    refused.hidden = !TYPED_SECRET.test(field.value);
    let found = "";
    if (refused.hidden) {
      try {
        const answer = await fetch(`${command.dataset.command}?${new URLSearchParams({ q: text })}`);
        if (answer.ok && !answer.redirected) found = await answer.text();
      } catch {
        // Enter leads to the page of the search.
      }
    }
    if (asked !== latest) return;
    results.innerHTML = found;
    shown = text;
  };
  const open = (event) => {
    event.preventDefault();
    if (command.open) return;
    field.value = "";
    command.showModal();
    show();
  };
  opener.querySelector("kbd").hidden = false;
  opener.addEventListener("click", open);
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 120); });
  command.addEventListener("click", (event) => { if (event.target === command) command.close(); });
  command.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (shown !== field.value) await show();
    const first = results.querySelector("a");
    if (first) first.click();
    else if (refused.hidden) event.target.submit();
  });
  command.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const stops = [field, ...results.querySelectorAll("a")];
    stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus();
  });
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") return open(event);
    const isTyping = event.target.closest?.("input, select, textarea, dialog, [contenteditable]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    const search = document.querySelector("main [type=search]");
    if (!search) return open(event);
    event.preventDefault();
    search.focus();
  });
}

// The number of selected keys, and a box that selects all of the page.
const bulk = document.getElementById("bulk");
const all = bulk?.querySelector("[data-select-all]");
if (all) {
  const boxes = [...bulk.elements].filter((field) => field.name === "key");
  const every = all.querySelector("input");
  const count = bulk.querySelector("[data-selected]");
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    every.checked = chosen > 0 && chosen === boxes.length;
    every.indeterminate = chosen > 0 && chosen < boxes.length;
    count.textContent = chosen === 1 ? "1 key selected" : `${chosen || "No"} keys selected`;
    for (const button of bulk.querySelectorAll("button")) button.disabled = chosen === 0;
  };
  all.hidden = false;
  every.addEventListener("change", () => { for (const box of boxes) box.checked = every.checked; show(); });
  for (const box of boxes) box.addEventListener("change", show);
  // A browser may restore the boxes of a page that it comes back to.
  addEventListener("pageshow", show);
  show();
}
