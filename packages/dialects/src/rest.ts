import type { Rejection } from '@switchboard/protocol';

/** What a REST error looks like in a dialect's words. */
export interface RestReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Each dialect words every rejection: status, body shape, and headers such as Retry-After. */
export type PresentRestError = (rejection: Rejection) => RestReply;
