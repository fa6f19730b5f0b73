import type { IncomingHttpHeaders } from 'node:http';
import { type ClientOrigins, isTrustedOrigin } from '@switchboard/service-kit';

/** Whether a page of this origin may connect: one of CLIENT_URL, or one served from the host that was asked. */
export function originAllowed({ origin, host = '' }: IncomingHttpHeaders, trusted: ClientOrigins): boolean {
  return isTrustedOrigin(origin, trusted, host);
}
