/** Types of a call, out of those of the document. */

import type { paths } from "./generated/schema.js";

export type Method = "get" | "put" | "post" | "patch" | "delete";

/** The paths that have calls with a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: [NonNullable<paths[P][M]>] extends [never] ? never : P;
}[keyof paths];

/** The call with a method and a path. */
export type Operation<M extends Method, P extends PathOf<M>> = NonNullable<paths[P][M]>;

/** A property that is required, optional or absent, as `T` is. */
type Part<Name extends string, T> = [NonNullable<T>] extends [never]
  ? unknown
  : undefined extends T
    ? { [N in Name]?: NonNullable<T> }
    : { [N in Name]: T };

type Parameter<O, In extends string> = O extends { parameters: infer A } ? (In extends keyof A ? A[In] : never) : never;

type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } }
  ? B
  : O extends { requestBody?: { content: { "application/json": infer B } } }
    ? B | undefined
    : never;

/** The headers of a call. A read with `If-None-Match` is a call of `getIfChanged`. */
type HeadersOf<H> = "If-Match" extends keyof H
  ? H
  : [Exclude<keyof H, "If-None-Match">] extends [never]
    ? never
    : Omit<H, "If-None-Match">;

/** What is sent with a call. */
export type Options<O> = Part<"path", Parameter<O, "path">> &
  Part<"query", Parameter<O, "query">> &
  Part<"headers", HeadersOf<NonNullable<Parameter<O, "header">>> | undefined> &
  Part<"body", Body<O>> & {
    /** Ends the call: it is not repeated, and the promise is rejected. */
    signal?: AbortSignal;
  };

/** The last argument of a call: it can be left out if nothing in it is required. */
export type OptionsArgument<O> = object extends Options<O> ? [options?: Options<O>] : [options: Options<O>];

type DataOf<R> = R extends { content: { "application/json": { data: infer D } } } ? D : never;

/** The data of a successful response. */
export type Data<O> = O extends { responses: infer R } ? DataOf<R[keyof R]> : never;

/** A successful response. */
export interface Answer<D> {
  data: D;
  status: number;
  headers: Headers;
}

/** The paths of lists that can be read to their end. */
export type ListPath = {
  [P in PathOf<"get">]: Data<Operation<"get", P>> extends { items: unknown[]; next_cursor: string | null } ? P : never;
}[PathOf<"get">];

/** A row of a list. */
export type Row<P extends ListPath> = Data<Operation<"get", P>> extends { items: (infer T)[] } ? T : never;
