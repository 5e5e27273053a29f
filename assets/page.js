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
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  throw new Error("no clipboard without TLS");
}
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const told = button.parentElement.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await copy(source.textContent);
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
  secret.addEventListener("copied", () => { isKept = true; });
  secret.addEventListener("submit", () => { isKept = true; });
  addEventListener("beforeunload", (event) => { if (!isKept) event.preventDefault(); });
  addEventListener("pagehide", () => { secret.replaceChildren(); });
}

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
