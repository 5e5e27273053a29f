/** Repeated requests, failures and secrets, without a server: node --test */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ApiError, Client, rows, type Trip } from "planeconnection";
import { failure, KEY, NEW_TRIP, Server, success, type Reply } from "./helpers.js";

const LOST = new TypeError("fetch failed");
const path = { id: "trip_1" };
const get = (client: Client) => client.get("/api/v1/ops/trips/{id}", { path });
const create = (client: Client) => client.post("/api/v1/ops/trips", { body: NEW_TRIP });

test("safe calls are repeated after faults that pass", async () => {
  const calls: ((client: Client) => Promise<unknown>)[] = [
    get,
    create,
    (client) => client.patch("/api/v1/ops/trips/{id}", { path, body: { notes: "x" } }),
    (client) =>
      client.put("/api/v1/ops/trips/by-external-id/{externalId}", { path: { externalId: "FOS-1" }, body: NEW_TRIP }),
  ];
  const faults: Reply[] = [LOST, ...[408, 429, 500, 502, 503, 504, 507].map((status) => failure(status, "X"))];
  for (const call of calls) {
    for (const fault of faults) {
      const server = new Server(fault, success());
      await call(server.client());
      assert.equal(server.requests.length, 2);
      assert.equal(server.repetitions.length, 1);
      assert.deepEqual(await server.requests[1]?.text(), await server.requests[0]?.text());
    }
  }
});

test("failures of the request are not repeated", async () => {
  for (const status of [301, 400, 401, 403, 404, 409, 412, 413, 422]) {
    const server = new Server(failure(status, "X"));
    await assert.rejects(get(server.client()), { name: "ApiError", status });
    assert.equal(server.requests.length, 1);
  }
});

test("POST without an Idempotency-Key is sent once", async () => {
  for (const fault of [LOST, failure(503, "UNAVAILABLE"), failure(429, "RATE_LIMITED")]) {
    const server = new Server(fault);
    await assert.rejects(server.client().post("/api/v1/ops/invoices/{id}/send", { path: { id: "inv_1" } }));
    assert.deepEqual(server.values("Idempotency-Key"), [null]);
  }
});

test("attempts share an Idempotency-Key and calls do not", async () => {
  const server = new Server(LOST, failure(503, "UNAVAILABLE"), success({}, 201), success({}, 201));
  const client = server.client();
  await create(client);
  await create(client);
  const keys = server.values("Idempotency-Key");
  assert.ok(keys[0]);
  assert.equal(new Set(keys.slice(0, 3)).size, 1);
  assert.notEqual(keys[0], keys[3]);
});

test("own Idempotency-Key is kept", async () => {
  const server = new Server(LOST, success({}, 201));
  const headers = { "Idempotency-Key": "payment-1" };
  const body = { amount: 1, reference: "WIRE-1" };
  await server.client().post("/api/v1/ops/invoices/{id}/payments", { path: { id: "inv_1" }, headers, body });
  assert.deepEqual(server.values("Idempotency-Key"), ["payment-1", "payment-1"]);
});

test("Retry-After is waited for", async () => {
  const server = new Server(failure(429, "RATE_LIMITED", { "Retry-After": "1" }), success());
  const begun = performance.now();
  await get(server.client());
  assert.ok(performance.now() - begun >= 1_000);
});

test("Retry-After beyond the limit fails at once", async () => {
  for (const value of ["6", "Fri, 31 Dec 9999 00:00:00 GMT"]) {
    const begun = performance.now();
    await assert.rejects(get(new Server(failure(429, "RATE_LIMITED", { "Retry-After": value })).client()), (error) => {
      return error instanceof ApiError && error.retryAfter !== null && error.retryAfter >= 6;
    });
    assert.ok(performance.now() - begun < 1_000);
  }
});

test("total time is bounded", async () => {
  const server = new Server(...Array.from({ length: 1_000 }, () => LOST));
  const begun = performance.now();
  await assert.rejects(get(server.client({ totalMs: 500, firstPauseMs: 10, longestPauseMs: 100 })), LOST);
  assert.ok(performance.now() - begun < 600);
  assert.ok(server.requests.length > 4);
});

const waits: typeof fetch = (_, init) =>
  new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));

test("call can be aborted, in an attempt and in a pause", async () => {
  const server = new Server(failure(429, "RATE_LIMITED", { "Retry-After": "4" }));
  for (const client of [server.client(), new Client("https://planes.example", KEY, { fetch: waits })]) {
    const controller = new AbortController();
    const call = client.get("/api/v1/ops/trips/{id}", { path, signal: controller.signal });
    const begun = performance.now();
    setTimeout(() => controller.abort(), 20);
    await assert.rejects(call, { name: "AbortError" });
    assert.ok(performance.now() - begun < 1_000);
    await assert.rejects(client.get("/api/v1/ops/trips/{id}", { path, signal: controller.signal }), { name: "AbortError" });
  }
  assert.equal(server.requests.length, 1);
});

test("attempt ends after its time", async () => {
  const client = new Client("https://planes.example", KEY, { timeoutMs: 20, retry: { totalMs: 0 }, fetch: waits });
  await assert.rejects(get(client), /no answer within 20 ms/);
});

test("failure names the code and the fields", async () => {
  const fields = [{ field: "origin", message: "must be an ICAO code" }];
  await assert.rejects(get(new Server(failure(400, "INVALID_REQUEST", {}, fields)).client()), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.code, error.requestId], [400, "INVALID_REQUEST", "req_1"]);
    assert.deepEqual(error.fields, fields);
    assert.match(error.message, /origin must be an ICAO code/);
    return true;
  });
});

test("failure of a proxy has no code", async () => {
  for (const body of ["<h1>Bad Gateway</h1>", "[]", '{"error":null}', ""]) {
    const server = new Server(() => new Response(body, { status: 404 }));
    await assert.rejects(get(server.client()), { name: "ApiError", status: 404, code: "" });
  }
});

test("unchanged object is null", async () => {
  const server = new Server(() => new Response(null, { status: 304 }), success({ id: "trip_2" }));
  const client = server.client();
  assert.equal(await client.getIfChanged("/api/v1/ops/trips/{id}", '"1"', { path }), null);
  const changed = await client.getIfChanged("/api/v1/ops/trips/{id}", '"1"', { path });
  assert.equal(changed?.data.id, "trip_2");
  assert.deepEqual(server.values("If-None-Match"), ['"1"', '"1"']);
});

test("list is read to its end by cursor", async () => {
  const server = new Server(
    success({ items: [{ id: "trip_1" }], next_cursor: "c1" }),
    success({ items: [{ id: "trip_2" }], next_cursor: null }),
  );
  const found: Trip[] = [];
  for await (const trip of rows(server.client(), "/api/v1/ops/trips", { query: { status: "draft" } })) found.push(trip);
  assert.deepEqual(found.map((trip) => trip.id), ["trip_1", "trip_2"]);
  const queries = server.requests.map(({ url }) => Object.fromEntries(new URL(url).searchParams));
  assert.deepEqual(queries, [
    { page_size: "100", status: "draft" },
    { page_size: "100", status: "draft", cursor: "c1" },
  ]);
});

test("parameter stays one segment of the path", async () => {
  const server = new Server(success());
  const put = (externalId: string) =>
    server.client().put("/api/v1/ops/trips/by-external-id/{externalId}", { path: { externalId }, body: NEW_TRIP });
  await put("FOS/1 ?#%");
  assert.equal(server.requests[0]?.url, "https://planes.example/api/v1/ops/trips/by-external-id/FOS%2F1%20%3F%23%25");
  for (const externalId of ["", ".", ".."]) await assert.rejects(put(externalId), TypeError);
  assert.equal(server.requests.length, 1);
});

test("key is sent and shown nowhere", async () => {
  const server = new Server(LOST, failure(404, "NOT_FOUND"));
  const client = server.client();
  const error = await get(client).catch((error: unknown) => error);
  assert.deepEqual(server.values("Authorization"), [`Bearer ${KEY}`, `Bearer ${KEY}`]);
  for (const text of [inspect(client, { showHidden: true, depth: 9 }), JSON.stringify(client), String(client)]) {
    assert.ok(!text.includes(KEY), text);
  }
  assert.ok(!inspect(error, { showHidden: true, depth: 9 }).includes(KEY));
  assert.ok(!inspect(server.repetitions).includes(KEY));
});

test("malformed key is refused and not repeated", () => {
  for (const key of ["", "pck_with blank", "pck_with\nline", "pck_ä"]) {
    assert.throws(() => new Client("https://planes.example", key), (error) => !String(error).includes("pck_"));
  }
});

test("key is sent in the clear only to this machine", () => {
  for (const url of ["http://localhost:8080", "http://127.0.0.1:8080/", "http://[::1]:8080", "https://planes.example/a/"]) {
    new Client(url, KEY);
  }
  for (const url of [
    "http://planes.example",
    "http://10.0.0.1",
    "http://localhost.example",
    "http://127.0.0.1.example",
    "ftp://localhost",
    "planes.example",
    "https://user:password@planes.example",
    "https://planes.example?a=b",
    "",
  ]) {
    assert.throws(() => new Client(url, KEY), TypeError, url);
  }
});
