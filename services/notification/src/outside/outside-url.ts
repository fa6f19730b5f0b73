import ipaddr from 'ipaddr.js';
import { OutsideError } from './outside-error.ts';
import { isPublicAddress } from './public-address.ts';

export interface OutsideRules {
  /** Lets through addresses that are not public, and `http:`. For targets inside one's own network, and for tests. */
  readonly allowPrivate: boolean;
  /** Lets `http:` through. */
  readonly allowHttp: boolean;
}

export const OUTSIDE_URL_LENGTH = 2_048;

/**
 * A URL that somebody else chose, as far as it can be judged without asking for its name. The URL parser has then turned every way of writing an IPv4 address
 * (`0x7f.1`, `2130706433`) into the one that the network uses.
 * @throws OutsideError refused, with words for whoever wrote it.
 */
export function outsideUrl(text: string, { allowPrivate, allowHttp }: OutsideRules): URL {
  if (text.length > OUTSIDE_URL_LENGTH) throw refused(`is longer than ${OUTSIDE_URL_LENGTH} characters`);
  if (!URL.canParse(text)) throw refused('is not a URL');
  const url = new URL(text);
  const schemes = allowHttp || allowPrivate ? ['https:', 'http:'] : ['https:'];
  if (!schemes.includes(url.protocol)) {
    throw refused(schemes.length === 1 ? 'must start with https://' : 'must start with https:// or http://');
  }
  if (url.username !== '' || url.password !== '') throw refused('must not hold a user name or a password');
  if (!allowPrivate && (isPrivateName(url.hostname) || isPrivateAddress(hostAddress(url)))) throw notPublic();
  url.hash = '';
  return url;
}

/** The address that a URL names, without brackets; undefined for a name. */
export function hostAddress({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(bare) ? bare : undefined;
}

export function notPublic(): OutsideError {
  return refused('must lead to a public address');
}

function refused(complaint: string): OutsideError {
  return new OutsideError('refused', complaint);
}

function isPrivateAddress(address: string | undefined): boolean {
  return address !== undefined && !isPublicAddress(address);
}

/** Names that never lead out; a name without a dot is a neighbour's. */
function isPrivateName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '').toLowerCase();
  if (name.startsWith('[')) return false;
  return !name.includes('.') || /\.(localhost|local|internal|home\.arpa)$/.test(name);
}
