// The documentation: search, and the language of the examples. Every page works without this script.
"use strict";

// The search reads an index of all pages when its field is used for the first time.
const form = document.querySelector("form[data-index]");
if (form) {
  const field = form.querySelector("input");
  const results = form.querySelector(".results");
  let places = null;
  const load = async () => {
    try {
      const answer = await fetch(form.dataset.index);
      if (!answer.ok) throw new Error(answer.statusText);
      return (await answer.json()).map((place) => ({
        ...place,
        title: `${place.t} ${place.h}`.toLowerCase(),
        text: `${place.s} ${place.w}`.toLowerCase(),
      }));
    } catch {
      // Another try with the next letter.
      places = null;
      return null;
    }
  };
  // A place has every word; words in titles count more, and whole titles most.
  const score = (place, words, all) => {
    let sum = place.title.trim() === all ? 20 : 0;
    for (const word of words) {
      if (place.title.includes(word)) sum += place.h ? 5 : 6;
      else if (place.text.includes(word)) sum += 1;
      else return 0;
    }
    return sum;
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
    places ??= load();
    const known = await places;
    const all = field.value.trim().toLowerCase();
    const words = all.split(/\s+/).filter(Boolean);
    results.hidden = words.length === 0;
    if (words.length === 0) {
      results.replaceChildren();
      return;
    }
    if (!known) {
      results.textContent = "The search does not work at the moment. The menu has all pages.";
      return;
    }
    const found = known.map((place) => [score(place, words, all), place]).filter(([sum]) => sum > 0);
    found.sort(([a], [b]) => b - a);
    const list = document.createElement("ul");
    list.append(...found.slice(0, 12).map(([, place]) => item(place)));
    if (found.length === 0) results.textContent = "Nothing found.";
    else results.replaceChildren(list);
  };
  form.hidden = false;
  field.addEventListener("focus", () => { places ??= load(); });
  field.addEventListener("input", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
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
