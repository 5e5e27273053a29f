/** Bills through a proxy that loses answers, and finds each invoice and payment once. The key needs `invoices:write`. */

import assert from "node:assert/strict";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, rows } from "planeconnection";
import { invoice, KEY_OF_NODE, RUN, URL_OF_NODE } from "./environment.js";

const INVOICES = 24;
const PRICE = 185_000;

/** Attempts by their Idempotency-Key. */
const attempts = new Map<string, number>();

/** Sends a request to the node, and reads the whole answer. */
async function forward(incoming: IncomingMessage): Promise<{ status: number; body: Buffer }> {
  const node = new URL(incoming.url ?? "/", URL_OF_NODE);
  const outgoing = request(node, { method: incoming.method, headers: { ...incoming.headers, host: node.host } });
  const answered = new Promise<IncomingMessage>((resolve, reject) => outgoing.on("response", resolve).on("error", reject));
  incoming.pipe(outgoing);
  const answer = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks) };
}

/** Passes a request on. The answer to the first attempt with an Idempotency-Key does not arrive. */
async function relay(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { status, body } = await forward(incoming);
  const key = String(incoming.headers["idempotency-key"] ?? "");
  const count = (attempts.get(key) ?? 0) + 1;
  attempts.set(key, count);
  if (key === "" || count > 1) {
    outgoing.writeHead(status, { "Content-Length": body.length }).end(body);
    return;
  }
  assert.equal(status, 201, body.toString());
  const fault = attempts.size % 3;
  if (fault === 0) outgoing.writeHead(502).end("<h1>Bad Gateway</h1>");
  else if (fault === 1) outgoing.destroy();
  else {
    outgoing.writeHead(status, { "Content-Length": body.length });
    outgoing.write(body.subarray(0, body.length / 2), () => outgoing.destroy());
  }
}

const proxy = createServer((incoming, outgoing) => {
  relay(incoming, outgoing).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
const { port } = proxy.address() as AddressInfo;

const faulty = new Client(`http://127.0.0.1:${port}`, KEY_OF_NODE, { retry: { firstPauseMs: 50 } });
const created: [string, string][] = [];
for (let number = 0; number < INVOICES; number++) {
  // Without an id of one's own, nothing but the Idempotency-Key keeps the server from billing twice.
  const description = `${RUN} flight ${number}`;
  const { data } = await faulty.post("/api/v1/ops/invoices", { body: invoice(description, PRICE) });
  created.push([description, data.id]);
}
const path = { id: created[0]?.[1] ?? "" };
await faulty.post("/api/v1/ops/invoices/{id}/send", { path });
await faulty.post("/api/v1/ops/invoices/{id}/payments", { path, body: { amount: PRICE / 2, reference: "WIRE-1" } });
proxy.close();
assert.equal([...attempts].filter(([key, count]) => key !== "" && count === 2).length, INVOICES + 1);

const client = new Client(URL_OF_NODE, KEY_OF_NODE);
const billed: [string, string][] = [];
for await (const { id, lineItems } of rows(client, "/api/v1/ops/invoices")) {
  for (const { description } of lineItems) if (description.startsWith(RUN)) billed.push([description, id]);
}
assert.deepEqual(billed.sort(), created.sort());
const payments: number[] = [];
for await (const { amount } of rows(client, "/api/v1/ops/invoices/{id}/payments", { path })) payments.push(amount);
assert.deepEqual(payments, [PRICE / 2]);
console.log(`${INVOICES} invoices and a payment, each once, although every first answer was lost`);
process.exit(0);
