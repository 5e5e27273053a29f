// Bills what an accounting system exports, each invoice and each payment once: node bill.mjs invoices.json

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const API = `${process.env.PLANECONNECTION_URL}/api/v1`;
const KEY = (process.env.PLANECONNECTION_KEY ?? "").trim();
if (!/^pck_(test_)?[0-9A-Za-z]{38}$/.test(KEY)) throw new Error("PLANECONNECTION_KEY is not an API key");
const TRANSIENT = [408, 429, 500, 502, 503, 504, 507];
const OF_ONE_INVOICE = [400, 404, 409, 422]; // after any other failure the next invoice would fail as well

const failure = (status, message) => Object.assign(new Error(message), { status });

/** Returns the data of an answer. Tries again after faults that pass; what has a name is created once. */
async function call(method, path, body, name) {
  const headers = { "X-API-Key": KEY, "Content-Type": "application/json" };
  if (name) headers["Idempotency-Key"] = createHash("sha256").update(name).digest("hex");
  const request = { method, headers, body: body && JSON.stringify(body), redirect: "error" };
  for (let attempt = 1; ; attempt++) {
    let wait = 2 ** attempt * (0.5 + Math.random() / 2);
    try {
      const answer = await fetch(API + path, { ...request, signal: AbortSignal.timeout(60_000) });
      const { data, error } = await answer.json();
      if (answer.ok) return data;
      const isLast = attempt === 6 || !TRANSIENT.includes(answer.status);
      if (isLast) throw failure(answer.status, `${answer.status} ${error.message} (${error.requestId})`);
      wait = Math.max(wait, Number(answer.headers.get("Retry-After")) || 0);
    } catch (error) {
      if (attempt === 6 || error.status) throw error;
    }
    await sleep(wait * 1000);
  }
}

/** Returns the invoice with this number; creates it if there is none. */
async function find({ number, client, currency, lines, dueDate }) {
  try {
    return await call("GET", `/ops/invoices/by-external-id/${encodeURIComponent(number)}`);
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  const draft = { externalId: number, client, currency, lineItems: lines, dueDate };
  return call("POST", "/ops/invoices", draft, `create-${number}`);
}

/** Returns the recorded payments of an invoice: their amounts, by their references. */
async function recorded(path) {
  const amounts = new Map();
  for (let cursor = ""; cursor !== null; ) {
    const page = await call("GET", `${path}?page_size=100${cursor}`);
    for (const { reference, amount } of page.items) amounts.set(reference, amount);
    cursor = page.next_cursor && `&cursor=${page.next_cursor}`;
  }
  return amounts;
}

/** Gives an invoice the state that it has in the accounting system. Returns it. */
async function bill(entry) {
  const { number, currency, total, lines, payments } = entry;
  const amounts = [total, ...lines.map((line) => line.unitPrice), ...payments.map((payment) => payment.amount)];
  if (!amounts.every(Number.isSafeInteger)) throw failure(400, "an amount is not a whole number of minor units");
  const found = await find(entry);
  if (found.total !== total || found.currency !== currency || found.status === "void") {
    throw failure(409, `${found.number} is ${found.status}, ${found.total} ${found.currency}, and not ${total} ${currency}`);
  }
  const path = `/ops/invoices/${found.id}`;
  if (found.status === "draft") await call("POST", `${path}/send`);
  const known = await recorded(`${path}/payments`);
  for (const { reference, paidOn, amount } of payments.filter((payment) => !known.has(payment.reference))) {
    await call("POST", `${path}/payments`, { amount, paidOn, reference }, `pay-${found.id}-${reference}`);
  }
  return call("GET", path);
}

const print = (...cells) => console.log(cells.map((cell, column) => `${cell}`[column < 4 ? "padEnd" : "padStart"](13)).join(" "));

const sums = new Map();
print("accounting", "invoice", "status", "currency", "billed", "paid", "open");
for (const entry of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  try {
    const { number, status, total, amountPaid, currency } = await bill(entry);
    print(entry.number, number, status, currency, total, amountPaid, total - amountPaid);
    const [billed, paid] = sums.get(currency) ?? [0, 0];
    sums.set(currency, [billed + total, paid + amountPaid]);
    const received = entry.payments.reduce((sum, payment) => sum + payment.amount, 0);
    if (amountPaid !== received) throw failure(409, `${number} has payments of ${amountPaid} ${currency}, and not ${received}`);
  } catch (error) {
    console.error(entry.number, error.message, error.cause?.code ?? "");
    process.exitCode = 1;
    if (!OF_ONE_INVOICE.includes(error.status)) break;
  }
}
for (const [currency, [billed, paid]] of sums) print("total", "", "", currency, billed, paid, billed - paid);
