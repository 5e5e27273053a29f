/** Signatures of webhooks: node --test */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { verifyWebhook, WebhookVerificationError } from "planeconnection";

interface Vector {
  name: string;
  secrets: string[];
  now: number;
  headers: Record<string, string>;
  body: string;
  valid: boolean;
}

const file = process.env["WEBHOOK_VECTORS"] ?? new URL("../../webhook-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vector[];
const first = vectors[0] as Vector;

for (const { name, secrets, now, headers, body, valid } of vectors) {
  test(name, () => {
    const forms = [
      () => verifyWebhook(headers, body, secrets, now * 1000),
      () => verifyWebhook(new Headers(headers), new TextEncoder().encode(body), secrets, now * 1000),
    ];
    for (const verify of forms) {
      if (valid) assert.deepEqual(verify(), JSON.parse(body));
      else assert.throws(verify, WebhookVerificationError);
    }
  });
}

test("vectors are of both kinds", () => {
  assert.ok(vectors.filter(({ valid }) => valid).length > 5);
  assert.ok(vectors.filter(({ valid }) => !valid).length > 5);
});

test("time is that of the clock", () => {
  assert.ok(Math.abs(Date.now() / 1000 - first.now) > 300);
  assert.throws(() => verifyWebhook(first.headers, first.body, first.secrets), WebhookVerificationError);
});

test("one secret needs no list", () => {
  verifyWebhook(first.headers, first.body, first.secrets[0] as string, first.now * 1000);
});

test("unusable secret is an error of the receiver", () => {
  const good = "a secret that is long enough";
  for (const secrets of [[], "", "short", "whsec_", "whsec_not/base64/but/of/the/right/length!", [good, "whsec_"]]) {
    assert.throws(() => verifyWebhook(first.headers, first.body, secrets, first.now * 1000), TypeError);
  }
});
