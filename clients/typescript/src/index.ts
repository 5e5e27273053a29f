/** A client of the PlaneConnection API. The types of calls and models are made from the OpenAPI document. */

export { Client, type Settings } from "./client.js";
export { ApiError } from "./errors.js";
export { changes, rows, type ChangeOfModule, type ChangesOptions, type PartOfChanges } from "./lists.js";
export type { Repetition, Retry } from "./retry.js";
export type { Answer, Data, ListPath, Method, Operation, Options, PathOf, Row } from "./types.js";
export { verifyWebhook, WebhookVerificationError, type WebhookHeaders } from "./webhooks.js";
export type * from "./generated/schema.js";
