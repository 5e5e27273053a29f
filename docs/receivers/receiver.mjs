// A receiver of webhooks: SECRETS='whsec_...' node receiver.mjs

import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, open, readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";

const { SECRETS = "", WEBHOOK, DATA = "events", PORT = "8000" } = process.env;
const { PLANECONNECTION_URL: SERVER, PLANECONNECTION_KEY: API_KEY } = process.env;
const MAX_BODY = 1024 * 1024;
const TOLERANCE = 300; // seconds

function keyOf(secret) {
  if (!secret.startsWith("whsec_")) return Buffer.from(secret);
  const key = Buffer.from(secret.slice(6), "base64");
  // Node.js skips characters that are not base64.
  if (key.toString("base64") !== secret.slice(6)) throw new Error("SECRETS: after whsec_ comes base64");
  return key;
}

// During a rotation the new secret and the old one, with a space between them.
const keys = SECRETS.split(/\s+/).filter(Boolean).map(keyOf);
if (keys.length === 0) throw new Error("SECRETS is empty");
if (keys.some((key) => key.length < 24)) throw new Error("SECRETS: a secret has at least 24 bytes");

// Your code. If the process is killed meanwhile, it runs again for the same event.
async function work(event) {
  console.log("done", event.id, event.type, event.sequence);
}

// Throws unless the request comes from PlaneConnection, and now.
function verify(headers, body) {
  const { "webhook-id": event, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= TOLERANCE)) throw new Error("the request is too old");
  const signed = Buffer.concat([Buffer.from(`${event}.${timestamp}.`), body]);
  const given = signatures.split(" ").filter((one) => one.startsWith("v1,")).map((one) => Buffer.from(one.slice(3), "base64"));
  const fits = keys.some((key) => {
    const expected = createHmac("sha256", key).update(signed).digest();
    return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
  });
  if (!fits) throw new Error("no signature fits");
}

// Each event is a file with its id as name, so it is stored once. In your system: a table with a unique column.
const waiting = new Map(); // events to work on
const sequences = new Set(); // of the events that are stored
const missing = new Set(); // of events that others say came before them

function note(event, previous) {
  sequences.add(event.sequence);
  missing.delete(event.sequence);
  if (previous && !sequences.has(previous)) missing.add(previous);
}

async function store(event, previous) {
  if (!/^evt_[0-9a-z]+$/.test(event.id)) throw new Error("not an event");
  const temporary = `${DATA}/new-${randomUUID()}`;
  const file = await open(temporary, "wx");
  try {
    await file.writeFile(JSON.stringify({ event, previous }));
    await file.sync();
    await link(temporary, `${DATA}/${event.id}.json`);
  } catch (error) {
    if (error.code !== "EEXIST") throw error; // else it is stored already
  } finally {
    await file.close();
    await unlink(temporary);
  }
  const folder = await open(DATA);
  await folder.sync().finally(() => folder.close());
  note(event, previous);
  // Also an event that was stored before, if something failed afterwards.
  if (!existsSync(`${DATA}/${event.id}.done`)) waiting.set(event.id, event);
}

async function receive(request) {
  if (request.method !== "POST") return 405;
  if (Number(request.headers["content-length"]) > MAX_BODY) return 413;
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY) return 413;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  let event;
  try {
    verify(request.headers, body);
    event = JSON.parse(body);
  } catch {
    return 401;
  }
  try {
    await store(event, Number(request.headers["x-planeconnection-previous-sequence"]) || null);
  } catch (error) {
    console.log("cannot store:", error.message);
    return 503; // it is sent again later
  }
  return 204;
}

// Fetches events that did not arrive.
async function fillGaps() {
  for (const sequence of [...missing].sort((one, other) => one - other)) {
    if (!API_KEY) return;
    if (!missing.has(sequence)) continue; // it came meanwhile
    let after = [...sequences].filter((known) => known < sequence).reduce((one, other) => Math.max(one, other), 0);
    while (after !== null) {
      const response = await fetch(`${SERVER}/api/v1/webhooks/${WEBHOOK}/events?after_sequence=${after}`, {
        headers: { "X-API-Key": API_KEY },
        signal: AbortSignal.timeout(30_000),
      });
      if (!response.ok) throw new Error(`the API answered ${response.status}`);
      const { data } = await response.json();
      for (const event of data.items) await store(event, null);
      after = data.next_after_sequence;
    }
    missing.delete(sequence);
  }
}

async function workThrough() {
  for (const event of [...waiting.values()].sort((one, other) => one.sequence - other.sequence)) {
    await work(event);
    await writeFile(`${DATA}/${event.id}.done`, "");
    waiting.delete(event.id);
  }
}

let isRunning = false;
let isWoken = false;
async function wake() {
  isWoken = true;
  if (isRunning) return;
  isRunning = true;
  while (isWoken) {
    isWoken = false;
    await fillGaps().catch((error) => console.log("a gap is open:", error));
    await workThrough().catch((error) => console.log("not done:", error)); // it is tried again within a minute
  }
  isRunning = false;
}

await mkdir(DATA, { recursive: true, mode: 0o700 });
const files = new Set(await readdir(DATA));
for (const name of files) {
  if (name.startsWith("new-")) await unlink(`${DATA}/${name}`); // from before a crash
  if (!name.endsWith(".json")) continue;
  const { event, previous } = JSON.parse(await readFile(`${DATA}/${name}`));
  note(event, previous);
  if (!files.has(`${event.id}.done`)) waiting.set(event.id, event);
}
wake();
setInterval(wake, 60_000);

const limits = { requestTimeout: 10_000, connectionsCheckingInterval: 1_000 };
const server = createServer(limits, async (request, response) => {
  const status = await receive(request).catch(() => 400);
  response.writeHead(status, status >= 400 ? { Connection: "close" } : {}).end();
  if (status === 204) wake();
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${server.address().port}`));
