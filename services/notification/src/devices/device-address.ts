import { createHash, ECDH, randomBytes } from 'node:crypto';
import type { SessionId } from '@switchboard/protocol';
import type { DeviceAddress } from './device-store.ts';

/**
 * What no two devices may have the same, of which the address cannot be told. A token and an endpoint are one app's on one device, so whoever shows one has that device in
 * hand. A webhook's URL is no secret, and a gateway serves many: it is one's own for each session.
 */
export function addressKey(address: DeviceAddress, sessionId: SessionId): string {
  const hash = createHash('sha256');
  switch (address.kind) {
    case 'expo':
      return hash.update(`expo\n${address.token}`).digest('base64url');
    case 'web-push':
      return hash.update(`web-push\n${new URL(address.endpoint).href}`).digest('base64url');
    case 'webhook':
      return hash.update(`webhook\n${sessionId}\n${new URL(address.url).href}`).digest('base64url');
  }
}

/** Whether 65 bytes in base64url are a point on P-256, as the encryption of Web Push (RFC 8291) needs it. */
export function isPointOnP256(base64url: string): boolean {
  const point = Buffer.from(base64url, 'base64url');
  if (point.length !== 65 || point[0] !== 4) return false;
  try {
    ECDH.convertKey(point, 'prime256v1');
    return true;
  } catch {
    return false;
  }
}

/** A key of 192 bits in the form of Standard Webhooks. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`;
}
