import type { DialectName, Identity } from '@switchboard/protocol';
import type { z } from 'zod';

/** What a route answers. `body` undefined sends none; a string is sent as text unless `headers` name another type, the rest as JSON. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** anonymous: no token looked at. user: a live session. admin: that, with the admin role. */
export type Access = 'anonymous' | 'user' | 'admin';

export interface RouteRequest<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Remote address after trusted proxies. */
  readonly ip: string;
  readonly userAgent: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Scheme and host the client used, for absolute links. */
  readonly origin: string;
  /** Path and query string as asked for. */
  readonly url: string;
}

/** One route as data: the HTTP app, the authorization table and the published contract all read it. */
export interface RouteSpec<
  A extends Access = Access,
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Express 5 path; a trailing slash counts. */
  readonly path: string;
  /** Whose words errors are in; null for operators' routes. */
  readonly dialect: DialectName | null;
  readonly access: A;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /**
   * The route that takes a request over whose body is in its shape, words of refusals included: two documents may share a path but for its slash.
   * It must ask for the same access; params and query are read by its schemas.
   */
  readonly handOver?: (body: unknown) => Route | undefined;
  /** Status → schema of the body, for the published contract. */
  readonly replies: Readonly<Record<number, z.ZodType>>;
  handle(
    request: RouteRequest<z.output<P>, z.output<Q>, z.output<B>> & {
      readonly actor: A extends 'anonymous' ? Identity | undefined : Identity;
    },
  ): Promise<Reply>;
}

/** A route with its parameter types forgotten, as lists hold it. */
// biome-ignore lint/suspicious/noExplicitAny: `handle` is contravariant in types that only zod knows at run time.
export type Route = RouteSpec<any, any, any, any>;

/** Infers the schemas' types for `handle`. */
export function route<
  A extends Access,
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<A, P, Q, B>): Route {
  return spec;
}
