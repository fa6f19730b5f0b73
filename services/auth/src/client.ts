import { isIPv6 } from 'node:net';

/** Who asks, as far as HTTP tells. */
export interface Client {
  readonly ip: string;
  readonly userAgent?: string;
}

const USER_AGENT_LENGTH = 256;

export function clientOf({ ip, userAgent }: { ip: string; userAgent: string | undefined }): Client {
  return userAgent === undefined ? { ip } : { ip, userAgent: userAgent.slice(0, USER_AGENT_LENGTH) };
}

/**
 * What limits count as one address: an IPv4 address (mapped ones too), or the /64 of an IPv6 one, which is what one
 * subscriber is given.
 */
export function limitedAddress(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped) return mapped;
  const bare = ip.split('%', 1)[0] ?? ip;
  if (!isIPv6(bare)) return ip;
  const [head = '', tail] = bare.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16));
  return `${groups.join(':')}::/64`;
}
