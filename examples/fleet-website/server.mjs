// Shows the status of the fleet on a website, and keeps the API key on the server: node server.mjs

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const { PLANECONNECTION_URL, PLANECONNECTION_KEY = "", PORT = "8000", REFRESH_SECONDS = "30" } = process.env;
const API = new URL(`${PLANECONNECTION_URL}/api/v1/ops/fleet-status`);
const KEY = PLANECONNECTION_KEY.trim();
if (!/^pck_(test_)?[0-9A-Za-z]{38}$/.test(KEY)) throw new Error("PLANECONNECTION_KEY is not an API key");
const REFRESH = Math.max(1, Number(REFRESH_SECONDS) || 30);
const MAX_BYTES = 1024 * 1024; // of an answer of the API
const template = readFileSync(new URL("page.html", import.meta.url), "utf8");
const style = createHash("sha256").update(template.match(/<style>(.*)<\/style>/s)[1]).digest("base64");

// What was read last: its ETag, what visitors see of it, when the API has last confirmed it, and whether it still does.
let [tag, models, asOf, isCurrent] = [null, null, null, false];

async function read(answer) {
  let [chunks, bytes] = [[], 0];
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error("its answer is too large");
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}

/** Counts the aircraft of each model. Tail numbers and reasons are not for visitors. */
function summarize(aircraft) {
  const lines = Object.create(null);
  for (const { model, dispatchAvailable, expectedReturn } of aircraft) {
    const line = (lines[model] ??= { model, aircraft: 0, available: 0, nextReturn: null });
    line.aircraft += 1;
    line.available += dispatchAvailable ? 1 : 0;
    if (expectedReturn && (!line.nextReturn || expectedReturn < line.nextReturn)) line.nextReturn = expectedReturn;
  }
  return Object.values(lines).sort((a, b) => a.model.localeCompare(b.model));
}

/** Asks the API whether anything has changed, and again some seconds later. A visitor never causes a request. */
async function refresh(lastResult) {
  let [wait, result] = [REFRESH, ""];
  try {
    const headers = { "X-API-Key": KEY, ...(tag && { "If-None-Match": tag }) };
    const answer = await fetch(API, { headers, redirect: "error", signal: AbortSignal.timeout(10_000) });
    wait = Math.min(Math.max(wait, Number(answer.headers.get("Retry-After")) || 0), 3600);
    if (answer.status !== 304) {
      const { data, error } = await read(answer);
      if (!answer.ok) throw new Error(`${answer.status} ${error?.code}`);
      [models, tag] = [summarize(data.aircraft), answer.headers.get("ETag")];
    }
    [asOf, isCurrent, result] = [new Date().toISOString(), true, `the API answers: ${answer.status}`];
  } catch (error) {
    [isCurrent, result] = [false, `the API does not answer: ${error.cause?.code ?? error.message}`];
  }
  if (result !== lastResult) console.log(result);
  setTimeout(refresh, wait * 1000, result);
}

const escape = (text) => String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
const day = (time) => new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });

function page() {
  const total = (name) => models.reduce((sum, line) => sum + line[name], 0);
  const cards = models.map(({ model, aircraft, available, nextReturn }) => {
    const bars = "<i></i>".repeat(available) + "<s></s>".repeat(aircraft - available);
    const back = nextReturn ? `Next one back on ${day(nextReturn)}` : "Return not known yet";
    const [count, next] = [`<b>${available}</b> of ${aircraft} available`, available < aircraft ? back : "Ready to fly"];
    return `<li><h2>${escape(model)}</h2><p>${count}</p><div>${bars}</div><p>${next}</p></li>`;
  });
  const summary = `${total("available")} of ${total("aircraft")} aircraft are available`;
  const notice = isCurrent ? "" : "The present status cannot be read. This is the last one.";
  const parts = { summary, notice, models: cards.join(""), asOf: `${day(asOf)}, ${asOf.slice(11, 16)} UTC` };
  return template.replace(/{{(\w+)}}/g, (_, name) => parts[name]);
}

function respond(method, path) {
  if (method !== "GET") return [405, "text/plain", "Only GET is allowed here."];
  if (path !== "/" && path !== "/fleet.json") return [404, "text/plain", "There is nothing here."];
  if (!models) return [503, "text/plain", "The status of the fleet is not known yet."];
  return path === "/" ? [200, "text/html", page()] : [200, "application/json", JSON.stringify({ asOf, isCurrent, models })];
}

const server = createServer({ requestTimeout: 10_000, connectionsCheckingInterval: 5_000 }, (request, response) => {
  const [status, type, body] = respond(request.method, request.url.split("?")[0]);
  response.writeHead(status, {
    "Content-Type": `${type}; charset=utf-8`,
    "Cache-Control": status === 200 ? `public, max-age=${REFRESH}` : "no-store",
    "Content-Security-Policy": `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; frame-ancestors 'none'`,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    ...(status !== 200 && { Allow: "GET", Connection: "close" }),
  });
  response.end(body);
});
server.maxConnections = 1000;
server.listen(Number(PORT), "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${server.address().port}`));
refresh();
