/** Signatures of webhooks, as Standard Webhooks has them. */

import { createHmac, timingSafeEqual } from "node:crypto";

const TOLERANCE_SECONDS = 300;
const SHORTEST_KEY = 24;

/** A request that does not come from the server, or not now: answer it with 401. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError";
}

/** The headers of a request, as `fetch` or as `node:http` has them. */
export type WebhookHeaders = Headers | Record<string, string | string[] | undefined>;

/**
 * Returns the event of a request, or throws a `WebhookVerificationError`.
 *
 * `body` is the body as it arrived, before any parsing. `secrets` is the signing secret, or during a rotation the new one
 * and the old one. The time of the request may be five minutes from `now`, in milliseconds.
 */
export function verifyWebhook(
  headers: WebhookHeaders,
  body: Uint8Array | string,
  secrets: string | readonly string[],
  now: number = Date.now(),
): Record<string, unknown> {
  const keys = (typeof secrets === "string" ? [secrets] : secrets).map(keyOf);
  if (keys.length === 0) throw new TypeError("verifyWebhook needs a secret");
  const header = reader(headers);
  const [id, timestamp] = [header("webhook-id"), header("webhook-timestamp")];
  if (id === "" || !/^[0-9]{1,12}$/.test(timestamp)) {
    throw new WebhookVerificationError("the headers of a webhook are missing");
  }
  if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    throw new WebhookVerificationError("the time of the request is too far away");
  }
  const given = header("webhook-signature").split(" ").map((signature) => Buffer.from(signature));
  // Every pair is compared, so that the time says nothing about which one fits.
  let fits = false;
  for (const key of keys) {
    const digest = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
    const expected = Buffer.from(`v1,${digest}`);
    for (const signature of given) {
      if (signature.length === expected.length && timingSafeEqual(signature, expected)) fits = true;
    }
  }
  if (!fits) throw new WebhookVerificationError("no signature fits");
  return eventOf(typeof body === "string" ? body : new TextDecoder().decode(body));
}

function eventOf(text: string): Record<string, unknown> {
  try {
    const event: unknown = JSON.parse(text);
    if (typeof event === "object" && event !== null && !Array.isArray(event)) return event as Record<string, unknown>;
  } catch {
    // The error below says it.
  }
  throw new WebhookVerificationError("the body is not an event");
}

/** Returns a function that reads a header by its name in lower case. */
function reader(headers: WebhookHeaders): (name: string) => string {
  if (headers instanceof Headers) return (name) => headers.get(name) ?? "";
  const names = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return (name) => {
    const value = names.get(name) ?? "";
    return typeof value === "string" ? value : value.join(",");
  };
}

/** Returns the key of a secret: base64 after `whsec_`, else its text. */
function keyOf(secret: string): Buffer {
  const text = secret.startsWith("whsec_") ? secret.slice("whsec_".length) : null;
  const key = text === null ? Buffer.from(secret) : Buffer.from(text, "base64");
  // Node.js skips characters that are not base64.
  if (text !== null && key.toString("base64") !== text) throw new TypeError("a secret has base64 after whsec_");
  if (key.length < SHORTEST_KEY) throw new TypeError(`a secret has at least ${SHORTEST_KEY} bytes`);
  return key;
}
