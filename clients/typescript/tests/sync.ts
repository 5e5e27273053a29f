/**
 * Puts 10,000 trips, and finds each of them once.
 *
 * It prints a line after every 1,000 trips, and one for the first refusal by a rate limit and for the first lost connection.
 * A harness can set a limit and kill the server meanwhile. The key needs `trips:write`.
 */

import assert from "node:assert/strict";
import { Client, rows, type Repetition } from "planeconnection";
import { KEY_OF_NODE, RUN, TRIP, URL_OF_NODE } from "./environment.js";

const TRIPS = Number(process.env["TRIPS"] ?? 10_000);
const WORKERS = 8;

const repetitions = new Map<string, number>();

function onRepeat({ status }: Repetition): void {
  const name = status === null ? "connection lost" : status === 429 ? "rate limited" : "other";
  const count = (repetitions.get(name) ?? 0) + 1;
  repetitions.set(name, count);
  if (count === 1) console.log(name);
}

const client = new Client(URL_OF_NODE, KEY_OF_NODE, { onRepeat });
const expected = Array.from({ length: TRIPS }, (_, number) => `${RUN}-${String(number).padStart(5, "0")}`);
const begun = performance.now();
let done = 0;

// All workers take from one iterator.
const waiting = expected.values();

async function work(): Promise<void> {
  for (const externalId of waiting) {
    const path = { externalId };
    const { data } = await client.put("/api/v1/ops/trips/by-external-id/{externalId}", { path, body: TRIP });
    assert.equal(data.externalId, externalId);
    done += 1;
    if (done % 1_000 === 0) console.log("synced", done);
  }
}

await Promise.all(Array.from({ length: WORKERS }, work));

const found: string[] = [];
for await (const { externalId } of rows(client, "/api/v1/ops/trips")) {
  if (externalId?.startsWith(RUN)) found.push(externalId);
}
const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
const [limited, lost] = [repetitions.get("rate limited") ?? 0, repetitions.get("connection lost") ?? 0];
console.log(
  `${found.length} trips in ${seconds} s, repeated ${limited} times after a limit and ${lost} without an answer`,
);
assert.deepEqual(found.sort(), expected);
