import type { DialectName } from '@switchboard/protocol';
import { z } from 'zod';

/**
 * One route of a dialect as data, without its handler: what services mount, and what the published contract is made of.
 * `path` is an Express 5 path; a trailing slash counts. Bodies and queries come out of their schemas in canonical terms.
 */
export interface RestOperation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly dialect: DialectName;
  /** anonymous routes that look at tokens do so themselves, e.g. because one may travel in the body. */
  readonly access: 'anonymous' | 'user' | 'admin';
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Status → schema of the body. */
  readonly replies: Readonly<Record<number, z.ZodType>>;
}

export type RestTable = Readonly<Record<string, RestOperation>>;

/** For 204. */
export const NoBody = z.undefined();
