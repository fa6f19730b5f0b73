import { type Dialect, dialects } from '@switchboard/dialects';
import { DialectName, LIMITS, ok, type Result, reject } from '@switchboard/protocol';
import type { Socket } from 'socket.io';

export interface Handshake {
  /** Undefined: the client sent none and has to `join`. */
  readonly token: string | undefined;
  /** Null: undeclared. */
  readonly dialect: Dialect | null;
}

/** Reads what a client says of itself while connecting: `auth`, else the Authorization header, else the query. */
export function readHandshake({ auth, headers, query }: Socket['handshake']): Result<Handshake> {
  const token = given(auth.token) ?? bearer(headers.authorization) ?? given(query.token);
  if (token !== undefined && (typeof token !== 'string' || token.length > LIMITS.textBytes)) {
    return reject('UNAUTHORIZED', 'Authentication error', { detail: 'bad_token' });
  }
  const named = given(auth.dialect) ?? given(query.dialect);
  if (named === undefined) return ok({ token: unprefixed(token), dialect: null });
  const name = DialectName.safeParse(named);
  const dialect = name.success ? dialects.get(name.data) : undefined;
  if (dialect?.transport !== 'socket.io') return reject('INVALID_DATA', 'Unknown dialect');
  return ok({ token: unprefixed(token), dialect });
}

/** Clients that hold no token often send null or an empty one. */
function given(value: unknown): unknown {
  return value === null || value === '' ? undefined : value;
}

function bearer(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^Bearer +(\S+)$/i.exec(header)?.[1];
}

function unprefixed(token: string | undefined): string | undefined {
  return token === undefined ? undefined : (bearer(token) ?? token);
}
