import type { IncomingHttpHeaders } from 'node:http';
import { LIMITS } from '@switchboard/protocol';
import { bearerToken } from '@switchboard/service-kit';

/**
 * The access token of an upgrade request: its Authorization header, else `?token=`, else what follows `bearer` among the offered
 * subprotocols, which is the only place where a page's script can put one that is not in the URL. Undefined without any.
 */
export function readRawToken(headers: IncomingHttpHeaders, query: URLSearchParams): string | undefined {
  const token = bearerToken(headers) || query.get('token') || offeredToken(headers);
  // No token of ours is as long; it is not worth being looked at.
  return token && token.length > LIMITS.textBytes ? 'oversize' : token || undefined;
}

function offeredToken({ 'sec-websocket-protocol': offered = '' }: IncomingHttpHeaders): string | undefined {
  const names = offered.split(',').map((name) => name.trim());
  const marker = names.findIndex(isMarker);
  return marker < 0 ? undefined : names[marker + 1];
}

/**
 * The subprotocol to select: never the token, which must not come back in a response. A browser closes a connection that selects
 * none of those it offered.
 */
export function selectSubprotocol(offered: Iterable<string>): string | false {
  return [...offered].find(isMarker) ?? false;
}

function isMarker(name: string): boolean {
  return name.toLowerCase() === 'bearer';
}
