import { createHmac, timingSafeEqual } from "node:crypto";

// Throws unless the request comes from PlaneConnection. `body` is a Buffer with the bytes as they arrived.
export function verify(secret, headers, body) {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const timestamp = headers["webhook-timestamp"];
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) throw new Error("the request is too old");
  const signed = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${timestamp}.`), body]);
  const expected = createHmac("sha256", key).update(signed).digest();
  const fits = (given) => {
    const signature = given.startsWith("v1,") ? Buffer.from(given.slice(3), "base64") : Buffer.alloc(0);
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  };
  // During a rotation there are two signatures.
  if (!headers["webhook-signature"].split(" ").some(fits)) throw new Error("no signature fits");
}
