// A client of the PlaneConnection API, with what Node.js 18 brings along.

import { randomUUID } from "node:crypto";

const API = `${process.env.PLANECONNECTION_URL}/api/v1`;
const KEY = process.env.PLANECONNECTION_KEY;
const ATTEMPTS = 6;
const LONGEST_PAUSE = 60;

/** The API refused a request. `error` has the code, the message and the request id. */
export class Refused extends Error {
  constructor(status, error) {
    super(`${status} ${error.code}: ${error.message}`);
    this.status = status;
    this.error = error;
  }
}

/** Sends a request, and repeats it where that helps. Returns the status and the data of the answer. */
export async function call(method, path, body, headers = {}) {
  // Every attempt has the same key, so that nothing is created twice. A call that takes none ignores it.
  const repeatable = method === "POST" ? { "Idempotency-Key": randomUUID() } : {};
  const request = {
    method,
    headers: { "X-API-Key": KEY, "Content-Type": "application/json", ...repeatable, ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  };
  for (let attempt = 1; ; attempt++) {
    let pause = 2 ** attempt;
    try {
      const answer = await fetch(API + path, { ...request, signal: AbortSignal.timeout(60_000) });
      const text = await answer.text();
      if (answer.ok) return { status: answer.status, data: JSON.parse(text).data };
      const seconds = answer.headers.get("Retry-After") ?? "";
      if (/^[0-9]+$/.test(seconds)) pause = Number(seconds);
      const isFinal = attempt === ATTEMPTS || pause > LONGEST_PAUSE;
      if (isFinal || ![408, 429, 500, 502, 503, 504, 507].includes(answer.status)) {
        throw new Refused(answer.status, failure(answer, text));
      }
    } catch (error) {
      if (error instanceof Refused || attempt === ATTEMPTS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause * 1000));
  }
}

/** Returns the error of a response. A proxy in between may answer without one. */
function failure(answer, text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return { code: "NO_ANSWER", message: answer.statusText, requestId: "" };
  }
}

/** Returns the rows of a list. Each one that exists throughout is returned exactly once. */
export async function* walk(path, filters = {}) {
  let cursor = {};
  for (;;) {
    const query = new URLSearchParams({ page_size: 100, ...filters, ...cursor });
    const { data: page } = await call("GET", `${path}?${query}`);
    yield* page.items;
    if (page.next_cursor === null) return;
    cursor = { cursor: page.next_cursor };
  }
}
