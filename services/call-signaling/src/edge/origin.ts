import type { IncomingHttpHeaders } from 'node:http';
import { type ClientOrigins, isTrustedOrigin } from '@switchboard/service-kit';

/**
 * Whether a page of this origin may connect: one of CLIENT_URL, or one served from the host that was asked. Under which scheme a proxy in
 * front serves us is not ours to know, and a page of the same host is no foreigner under either.
 */
export function originAllowed({ origin, host = '' }: IncomingHttpHeaders, trusted: ClientOrigins): boolean {
  return ['http', 'https'].some((scheme) => isTrustedOrigin(origin, trusted, `${scheme}://${host}`));
}
