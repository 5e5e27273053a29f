/** The connection to a server: its address, the key, and repeated attempts. */

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "./errors.js";
import { IDEMPOTENT } from "./generated/idempotent.js";
import { Attempts, retryAfter, type Repetition, type Retry } from "./retry.js";
import type { Answer, Data, Operation, Options, OptionsArgument, PathOf } from "./types.js";

const USER_AGENT = "planeconnection-typescript/0.1.0";
const IDEMPOTENCY_KEY = "Idempotency-Key";
const NOT_MODIFIED = 304;

export interface Settings {
  /** The longest time for an attempt, in milliseconds; 60,000 if left out. */
  timeoutMs?: number;
  retry?: Retry;
  /** Is called before each repetition, for example to log it. */
  onRepeat?: (repetition: Repetition) => void;
  /** Takes the place of `fetch`, for networks of your own. */
  fetch?: typeof fetch;
}

/** What the types of a call have in common. */
interface AnyOptions {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  headers?: Record<string, string | undefined>;
  body?: unknown;
  signal?: AbortSignal;
}

/** A client with an API key. */
export class Client {
  readonly #url: string;
  readonly #key: string;
  readonly #settings: Settings;

  /** `url` is the address of the server, without `/api/v1`. Only a server on this machine may have `http://`. */
  constructor(url: string, key: string, settings: Settings = {}) {
    this.#url = checkedUrl(url);
    this.#key = checkedKey(key);
    this.#settings = settings;
  }

  get<P extends PathOf<"get">>(path: P, ...[options]: OptionsArgument<Operation<"get", P>>) {
    return this.#call<Operation<"get", P>>("GET", path, options);
  }

  put<P extends PathOf<"put">>(path: P, ...[options]: OptionsArgument<Operation<"put", P>>) {
    return this.#call<Operation<"put", P>>("PUT", path, options);
  }

  post<P extends PathOf<"post">>(path: P, ...[options]: OptionsArgument<Operation<"post", P>>) {
    return this.#call<Operation<"post", P>>("POST", path, options);
  }

  patch<P extends PathOf<"patch">>(path: P, ...[options]: OptionsArgument<Operation<"patch", P>>) {
    return this.#call<Operation<"patch", P>>("PATCH", path, options);
  }

  delete<P extends PathOf<"delete">>(path: P, ...[options]: OptionsArgument<Operation<"delete", P>>) {
    return this.#call<Operation<"delete", P>>("DELETE", path, options);
  }

  /** Returns null if nothing has changed since the response with this `ETag`. */
  async getIfChanged<P extends PathOf<"get">>(
    path: P,
    etag: string,
    ...[options]: OptionsArgument<Operation<"get", P>>
  ): Promise<Answer<Data<Operation<"get", P>>> | null> {
    const conditional = { ...(options as AnyOptions | undefined), headers: { "If-None-Match": etag } };
    const answer = await this.#send("GET", path, conditional);
    return answer.status === NOT_MODIFIED ? null : read(answer);
  }

  async #call<O>(method: string, path: string, options: Options<O> | undefined): Promise<Answer<Data<O>>> {
    return read(await this.#send(method, path, (options ?? {}) as AnyOptions));
  }

  /** Sends a request until an attempt succeeds or no other may follow. */
  async #send(method: string, path: string, options: AnyOptions): Promise<Received> {
    const { url, headers, body } = this.#request(method, path, options);
    const attempts = new Attempts(this.#settings.retry ?? {}, method, headers.has(IDEMPOTENCY_KEY));
    for (;;) {
      let status: number | null = null;
      let pause: number | null;
      try {
        const { response, text } = await this.#attempt(url, { method, headers, body, redirect: "manual" }, options.signal);
        status = response.status;
        if (response.ok || status === NOT_MODIFIED) return { status, headers: response.headers, text };
        pause = attempts.pauseAfterFailure(response);
        if (pause === null) throw ApiError.from(response, text, retryAfter(response));
      } catch (error) {
        if (error instanceof ApiError || options.signal?.aborted) throw error;
        pause = attempts.pauseAfterError();
        if (pause === null) throw error;
      }
      this.#settings.onRepeat?.({ method, path, status, pauseMs: pause });
      await sleep(pause, undefined, options.signal && { signal: options.signal });
    }
  }

  /** Sends a request once, and reads the whole answer. */
  async #attempt(url: string, request: RequestInit, signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    const controller = new AbortController();
    const timeout = this.#settings.timeoutMs ?? 60_000;
    const timer = setTimeout(() => controller.abort(new Error(`no answer within ${timeout} ms`)), timeout);
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      const response = await (this.#settings.fetch ?? fetch)(url, { ...request, signal: controller.signal });
      return { response, text: await response.text() };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  #request(method: string, path: string, options: AnyOptions) {
    const segments = path.replace(/\{(\w+)\}/g, (_, name: string) => segment(name, options.path?.[name]));
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined && value !== null) query.append(name, String(value));
    }
    const headers = new Headers({ Authorization: `Bearer ${this.#key}`, "User-Agent": USER_AGENT });
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      if (value !== undefined) headers.set(name, value);
    }
    // All attempts have the same, so that nothing is done twice.
    if (method === "POST" && IDEMPOTENT.includes(path) && !headers.has(IDEMPOTENCY_KEY)) {
      headers.set(IDEMPOTENCY_KEY, randomUUID());
    }
    const body = options.body === undefined ? null : JSON.stringify(options.body);
    if (body !== null) headers.set("Content-Type", "application/json");
    return { url: `${this.#url}${segments}${query.size > 0 ? `?${query}` : ""}`, headers, body };
  }
}

interface Received {
  status: number;
  headers: Headers;
  text: string;
}

function read<D>({ status, headers, text }: Received): Answer<D> {
  return { data: (JSON.parse(text) as { data: D }).data, status, headers };
}

function segment(name: string, value: unknown): string {
  const text = value === undefined || value === null ? "" : String(value);
  // Each of these would make it the path of another call.
  if (text === "" || text === "." || text === "..") throw new TypeError(`the parameter ${name} cannot be "${text}"`);
  return encodeURIComponent(text);
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new TypeError("the URL of the server begins with https://");
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError("the URL of the server has no user, query or fragment");
  }
  if (url.protocol === "http:" && !/^(localhost|127(\.[0-9]+){3}|\[::1\])$/.test(url.hostname)) {
    throw new TypeError(`http:// would send the key to ${url.hostname} in the clear: use https://`);
  }
  return url.href.replace(/\/+$/, "");
}

function checkedKey(key: string): string {
  // The message does not repeat the key, since messages end up in logs.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new TypeError("the key is empty, or has blanks or characters that no key has");
  return key;
}
