import ipaddr from 'ipaddr.js';

/** The addresses of IPv6 that are given out to be reached by all; whatever is not in it is not for strangers. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Where Azure answers its own machines, though the address is a public one. */
const PLATFORM = new Set(['168.63.129.16']);

/**
 * Whether an address is one that anybody on the internet may be reached at. Private networks, loopback, link-local (where clouds keep their metadata),
 * carrier-grade NAT, multicast, documentation, reserved and tunnelled ones are not; an IPv4 address behind NAT64 counts as what it is.
 * @param address As resolvers and URLs write it; a text that is no address is not public.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === 'unicast' && !PLATFORM.has(parsed.toString());
  if (parsed.range() === 'rfc6052') return isPublicAddress(behindNat64(parsed));
  return parsed.range() === 'unicast' && parsed.match(GLOBAL_UNICAST);
}

/** The last four bytes, for the prefix that is the same everywhere; the local ones put it elsewhere, and what is read from them is private. */
function behindNat64(address: ipaddr.IPv6): string {
  const bytes = address.toByteArray();
  const wellKnown = bytes.slice(4, 12).every((byte) => byte === 0);
  return wellKnown ? bytes.slice(12).join('.') : '0.0.0.0';
}
