/** Whole lists, and changes. */

import type { Client } from "./client.js";
import type { Aircraft, ChangedModule, Changes, DataChange, Invoice, Report, Trip } from "./generated/schema.js";
import type { ListPath, Operation, Options, OptionsArgument, Row } from "./types.js";

const LARGEST_PAGE = 100;

/**
 * Returns the rows of a whole list: `rows(client, "/api/v1/ops/trips", { query: { status: "draft" } })`.
 *
 * Each row that exists all the time is returned exactly once, whatever changes meanwhile.
 */
export async function* rows<P extends ListPath>(
  client: Client,
  path: P,
  ...[options]: OptionsArgument<Operation<"get", P>>
): AsyncGenerator<Row<P>, void, undefined> {
  const given = (options ?? {}) as Options<Operation<"get", P>> & { query?: object };
  const get = client.get.bind(client) as unknown as (
    path: P,
    options: object,
  ) => Promise<{ data: { items: Row<P>[]; next_cursor: string | null } }>;
  for (let cursor: string | undefined; ; ) {
    const query = { page_size: LARGEST_PAGE, ...given.query, ...(cursor !== undefined && { cursor }) };
    const { data: page } = await get(path, { ...given, query });
    yield* page.items;
    if (page.next_cursor === null) return;
    cursor = page.next_cursor;
  }
}

/** The objects of modules. A change of the sandbox is one of all its data. */
interface Objects {
  trips: Trip;
  fleet: Aircraft;
  safety: Report;
  invoices: Invoice;
  sandbox: never;
}

/** A change, with the object as it is now, or null if it is gone. */
export type ChangeOfModule = {
  [M in ChangedModule]: Omit<DataChange, "module" | "object"> & { module: M; object: Objects[M] | null };
}[ChangedModule];

/** Some changes, in order. Store them and `next` together. */
export type PartOfChanges = Omit<Changes, "items"> & { items: ChangeOfModule[] };

export interface ChangesOptions {
  /** Only changes of these modules; of all that the key can read if left out. */
  modules?: readonly Exclude<ChangedModule, "sandbox">[];
  /** The longest time in seconds, of up to 30, to wait for a change; with it, the iteration does not end. */
  wait?: number;
  signal?: AbortSignal;
}

/**
 * Returns what changed after a number, in order and in parts.
 *
 * Store the changes of a part and its `next` together, and give the number as `after` the next time: nothing is missed,
 * and nothing comes twice. Without `wait` the iteration ends when there are no more changes. A change `reset` says that all
 * data of the sandbox are gone.
 */
export async function* changes(
  client: Client,
  after: number,
  { modules = [], wait = 0, signal }: ChangesOptions = {},
): AsyncGenerator<PartOfChanges, void, undefined> {
  for (;;) {
    const query = { after, wait, ...(modules.length > 0 && { module: modules.join(",") }) };
    const { data } = await client.get("/api/v1/changes", { query, ...(signal && { signal }) });
    // Its number may have moved past changes of other modules.
    if (data.items.length > 0 || data.next !== after) yield data as PartOfChanges;
    after = data.next;
    if (wait === 0 && !data.has_more) return;
  }
}
