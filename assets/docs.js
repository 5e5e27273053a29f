// The documentation: search, the language of the examples, and calls that are made from the page. Every page works without
// this script.
"use strict";

// The search reads an index of all pages when its field is used for the first time.
const form = document.querySelector("form[data-index]");
if (form) {
  const field = form.querySelector("input");
  const results = form.querySelector(".results");
  let index = null;
  const load = async () => {
    try {
      const answer = await fetch(form.dataset.index);
      if (!answer.ok) throw new Error(answer.statusText);
      const { ignored, places } = await answer.json();
      const prepared = places.map((place) => ({
        ...place,
        title: place.t.toLowerCase(),
        name: `${place.h || place.t} ${place.k}`.toLowerCase(),
        text: ` ${place.w}`,
      }));
      return { ignored, places: prepared };
    } catch {
      // Another try with the next letter.
      index = null;
      return null;
    }
  };
  // A place has every word. A title counts more than a heading, a heading more than the title above it, and any of these more than
  // text, in which the beginning of a word counts more than its inside. The whole title or heading counts most.
  const score = (place, words, all) => {
    let sum = (place.h || place.t).toLowerCase() === all ? 20 : 0;
    for (const word of words) {
      if (place.name.includes(word)) sum += place.h ? 6 : 8;
      else if (place.title.includes(word)) sum += 3;
      else if (place.text.includes(` ${word}`)) sum += 2;
      else if (place.text.includes(word)) sum += 1;
      else return 0;
    }
    return sum;
  };
  // Words without punctuation around them. Those that no text has are left out, unless the query has no others.
  const wordsOf = (query, ignored) => {
    const trimmed = query.split(/\s+/).map((word) => word.replace(/^[^\p{L}\p{N}_]+|[^\p{L}\p{N}_]+$/gu, ""));
    const words = trimmed.filter(Boolean);
    const rest = words.filter((word) => !ignored.includes(word));
    return rest.length > 0 ? rest : words;
  };
  const item = (place) => {
    const link = document.createElement("a");
    const name = document.createElement("span");
    const under = document.createElement("span");
    link.href = place.p;
    name.textContent = place.h || place.t;
    under.textContent = place.h ? place.t : "";
    link.append(name, under);
    const line = document.createElement("li");
    line.append(link);
    return line;
  };
  const show = async () => {
    index ??= load();
    const known = await index;
    const all = field.value.trim().toLowerCase();
    results.hidden = all === "";
    if (all === "") {
      results.replaceChildren();
      return;
    }
    if (!known) {
      results.textContent = "The search does not work at the moment. The menu has all pages.";
      return;
    }
    const words = wordsOf(all, known.ignored);
    const found = known.places.map((place) => [score(place, words, all), place]).filter(([sum]) => sum > 0);
    found.sort(([a], [b]) => b - a);
    const list = document.createElement("ul");
    list.append(...found.slice(0, 12).map(([, place]) => item(place)));
    if (found.length === 0) results.textContent = "Nothing found.";
    else results.replaceChildren(list);
  };
  form.hidden = false;
  field.addEventListener("focus", () => { index ??= load(); });
  // Ends when the results of the last query are shown.
  let search = Promise.resolve();
  field.addEventListener("input", () => { search = show(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await search;
    // A hidden list may be that of an earlier query.
    if (!results.hidden) results.querySelector("a")?.click();
  });
  // The index of a link within this page.
  results.addEventListener("click", (event) => {
    if (!event.target.closest("a")) return;
    results.hidden = true;
  });
  form.addEventListener("keydown", (event) => {
    const stops = [field, ...results.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement);
    if (event.key === "Escape") {
      results.hidden = true;
      field.focus();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !results.hidden && at >= 0) {
      event.preventDefault();
      stops[(at + (event.key === "ArrowDown" ? 1 : stops.length - 1)) % stops.length].focus();
    }
  });
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    event.preventDefault();
    field.focus();
  });
}

// The language of the examples is that of the last choice, on every page.
const LANGUAGE = "planeconnection-language";
const choose = (language) => {
  for (const choice of document.querySelectorAll(".languages > input")) {
    if (choice.value === language) choice.checked = true;
  }
};
let chosen = null;
try { chosen = localStorage.getItem(LANGUAGE); } catch { /* Storage may be switched off. */ }
if (chosen) choose(chosen);
addEventListener("change", (event) => {
  if (!event.target.matches(".languages > input")) return;
  choose(event.target.value);
  try { localStorage.setItem(LANGUAGE, event.target.value); } catch { /* As above. */ }
});

// Calls that a page makes with the reader's session. The page itself knows no session: page.js notes on the pages of a member
// that there is one, so that a reader without one causes no request.
const READER = "planeconnection-reader";
const reader = {
  // "administrator" may read keys, "member" may not; null is signed out. Without storage it is "unknown" until a call is made.
  get() {
    try { return localStorage.getItem(READER); } catch { return "unknown"; }
  },
  set(value) {
    try {
      if (value) localStorage.setItem(READER, value);
      else localStorage.removeItem(READER);
    } catch { /* As above. */ }
  },
};
// The error of a server that did not make the call, in its own words.
class Refusal extends Error {}
// Calls end when the page is left.
let visit = new AbortController();
// Returns the answer to a read call of the API; null if the reader is signed out.
const ask = async (call) => {
  const settings = { headers: { "X-Try-It": "1" }, cache: "no-store", redirect: "error", signal: visit.signal };
  const response = await fetch(`/docs/try?${new URLSearchParams({ call })}`, settings);
  if (response.status === 204) return null;
  const { data, error } = await response.json();
  if (!response.ok) throw new Refusal(error.message);
  return data;
};
const isSignedOut = (answer) => answer === null || answer.status === 401;
const make = (name, text) => {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
};
const linkTo = (href, text) => Object.assign(make("a", text), { href });

// "Try it": the form of a read call.
const tryIt = document.querySelector(".try-it");
const signedOut = tryIt?.querySelector("[data-signed-out]");
const callForm = tryIt?.querySelector("form");
const showForm = (isShown) => {
  if (!tryIt) return;
  signedOut.hidden = isShown;
  callForm.hidden = !isShown;
};
if (tryIt) {
  const status = tryIt.querySelector("[role=status]");
  const shown = tryIt.querySelector("[data-answer]");
  const facts = shown.querySelector("dl");
  const body = shown.querySelector("code");
  let isAsking = false;

  const pretty = (answer) => {
    if (answer.isCut) return answer.body;
    try { return JSON.stringify(JSON.parse(answer.body), null, 2); } catch { return answer.body; }
  };
  const show = (answer, took) => {
    const cut = answer.isCut ? ", cut after 256 KiB" : "";
    status.textContent = `${answer.status} ${answer.reason} after ${took} ms${cut}`;
    const lines = [["Request id", answer.requestId], ...answer.headers];
    facts.replaceChildren(...lines.flatMap(([name, value]) => {
      const text = document.createElement("dd");
      text.append(make("code", value));
      return [make("dt", name), text];
    }));
    body.textContent = pretty(answer);
    body.parentElement.parentElement.hidden = answer.body === "";
    shown.hidden = false;
  };
  const forget = () => {
    shown.hidden = true;
    status.textContent = "";
    facts.replaceChildren();
    body.textContent = "";
  };
  // The call with the values of the fields, each percent-encoded; null if a secret is among them.
  const filled = () => {
    let call = tryIt.dataset.call;
    const query = new URLSearchParams();
    for (const field of callForm.querySelectorAll("[data-in]")) {
      const value = field.value.trim();
      if (TYPED_SECRET.test(value)) return null;
      if (field.dataset.in === "path") call = call.replace(`{${field.name}}`, () => encodeURIComponent(value));
      else if (value) query.append(field.name, value);
    }
    return String(query) ? `${call}?${query}` : call;
  };
  callForm.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isAsking) return;
    const call = filled();
    shown.hidden = true;
    if (!call) {
      status.textContent = "One of the values is a key, a token or a signing secret, which is not sent in an address. Remove it.";
      return;
    }
    isAsking = true;
    status.textContent = "Sending…";
    const start = performance.now();
    try {
      const answer = await ask(call);
      if (answer) show(answer, Math.round(performance.now() - start));
      if (isSignedOut(answer)) {
        reader.set(null);
        showForm(false);
        status.textContent = "Your session has ended. Sign in again to make this call.";
      }
    } catch (error) {
      const isLeft = error.name === "AbortError";
      const reason = error instanceof Refusal ? error.message : "The server did not answer as expected. Try again in a moment.";
      status.textContent = isLeft ? "" : reason;
    }
    isAsking = false;
  });
  addEventListener("pagehide", forget);
  // Whether there is a session then is found out by the next request.
  signedOut.querySelector("a").addEventListener("click", () => reader.set("administrator"));
  tryIt.hidden = false;
}

// The newest active key of a reader who may read keys, under the samples that need one. A key's secret is never shown.
const newestKey = document.querySelector("[data-newest-key]");
const has = (key, scope) => {
  const [module, action] = scope.split(":");
  return key.scopes.includes(scope) || (action === "read" && key.scopes.includes(`${module}:write`));
};
const describe = (key) => {
  // One of them is needed.
  const scopes = newestKey.dataset.scopes.split(" ").filter(Boolean);
  const isOpen = scopes.length === 0 || scopes.some((scope) => has(key, scope));
  const missing = isOpen ? "" : ` It does not open this call, which needs ${scopes.join(" or ")}.`;
  const test = key.test ? " It is a test key, which reads the sandbox." : "";
  newestKey.replaceChildren(
    "Your newest key: ", linkTo(`/settings/api-keys/${key.id}`, key.name), " ", make("code", key.hint),
    ` (${key.scopes.join(", ")}).${test}${missing}`,
  );
  newestKey.hidden = false;
};
const findReader = async () => {
  let answer;
  try { answer = await ask("/api/v1/api-keys?status=active&page_size=1"); } catch { return; }
  if (isSignedOut(answer)) {
    reader.set(null);
    showForm(false);
  } else if (answer.status === 403) {
    reader.set("member");
  } else if (answer.status === 200 && newestKey && !answer.isCut) {
    const [key] = JSON.parse(answer.body).data.items;
    if (key) describe(key);
  }
};
const look = () => {
  showForm(Boolean(reader.get()));
  if ((newestKey || tryIt) && reader.get() === "administrator") findReader();
};
look();

// A page that the browser keeps in memory keeps nothing that a reader saw: they may sign out before another person comes back to it.
addEventListener("pagehide", () => {
  visit.abort();
  visit = new AbortController();
  if (!newestKey) return;
  newestKey.hidden = true;
  newestKey.replaceChildren();
});
addEventListener("pageshow", (event) => { if (event.persisted) look(); });
