import type { z } from "zod";
import type { HttpFunction, Route, Routes } from "./routes.ts";

export type RequestContext = {
  readonly requestId: string;
  /** Aborted shortly before the function's time is up. */
  readonly signal: AbortSignal;
  /** Whether the caller gave the token, or none is asked for: open routes tell others less. */
  readonly authenticated: boolean;
};

type Parsed<R extends Route, Part extends "params" | "query" | "body"> =
  R extends Readonly<Record<Part, infer Schema extends z.ZodType>> ? z.output<Schema> : undefined;

type Input<R extends Route> = {
  readonly params: Parsed<R, "params">;
  readonly query: Parsed<R, "query">;
  readonly body: Parsed<R, "body">;
};

/** Answers are built of readonly data. */
type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type Reply<Body> = {
  readonly body: Body;
  /** In place of the route's own. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

/** What answers one route: checked input in, body of the route's schema out; what the schema does not name is left out. */
type Operation<R extends Route> = (
  input: Input<R>,
  context: RequestContext,
) => Promise<Reply<DeepReadonly<z.input<R["response"]>>>>;

/** An operation for every route of a function. */
export type Operations<Name extends HttpFunction> = {
  readonly [Id in keyof Routes as Routes[Id]["function"] extends Name ? Id : never]: Operation<Routes[Id]>;
};
