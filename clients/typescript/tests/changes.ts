/**
 * Follows changes with a stop in between, and finds each of them once. The key needs `trips:write` and `invoices:write`.
 */

import assert from "node:assert/strict";
import { changes, Client, type ChangeOfModule } from "planeconnection";
import { invoice, KEY_OF_NODE, RUN, TRIP, URL_OF_NODE } from "./environment.js";

const modules = ["trips"] as const;

async function create(client: Client, number: number): Promise<string> {
  const { data } = await client.post("/api/v1/ops/trips", { body: { ...TRIP, externalId: `${RUN}-${number}` } });
  return data.id;
}

const before = new Client(URL_OF_NODE, KEY_OF_NODE);
let stored = (await before.get("/api/v1/changes")).data.latest;
const seen: ChangeOfModule[] = [];
const expected: string[] = [];
for (let number = 0; number < 350; number++) expected.push(`created ${await create(before, number)}`);
await before.post("/api/v1/ops/invoices", { body: invoice("Hangar", 100) });
const first = expected[0]?.split(" ")[1] ?? "";
await before.patch("/api/v1/ops/trips/{id}", { path: { id: first }, body: { notes: "Two dogs on board" } });
expected.push(`updated ${first}`);
for await (const part of changes(before, stored, { modules })) {
  seen.push(...part.items);
  stored = part.next;
  assert.ok(part.has_more, "there is nothing left to read after the stop");
  break;
}
assert.ok(seen.length < expected.length);

// Another process goes on from the number that was stored, while trips are created.
const client = new Client(URL_OF_NODE, KEY_OF_NODE);
let isWriting = true;
const write = async () => {
  for (let number = 1_000; number < 1_050; number++) expected.push(`created ${await create(client, number)}`);
  isWriting = false;
};
const written = write();
while (isWriting || seen.length < expected.length) {
  for await (const part of changes(client, stored, { modules })) {
    seen.push(...part.items);
    stored = part.next;
  }
}
await written;
assert.deepEqual(seen.map(({ change, id }) => `${change} ${id}`), expected);
for (const [index, { sequence }] of seen.entries()) {
  assert.ok(index === 0 || sequence > (seen[index - 1]?.sequence ?? Infinity), "the numbers do not rise");
}
const last = seen.at(-1);
assert.equal(last?.module === "trips" && last.object?.externalId, `${RUN}-1049`);

// Nothing more, and then one more while the feed waits.
for await (const part of changes(client, stored, { modules })) assert.deepEqual(part.items, []);
const begun = performance.now();
const later = setTimeout(() => void create(client, 2_000), 1_000);
for await (const part of changes(client, stored, { modules, wait: 30 })) {
  if (part.items.length === 0) continue;
  assert.equal(part.items.length, 1);
  break;
}
clearTimeout(later);
const waited = (performance.now() - begun) / 1_000;
assert.ok(waited >= 1 && waited < 20, `${waited}`);
console.log(`${seen.length + 1} changes, each once, the last after ${waited.toFixed(1)} s of waiting`);
