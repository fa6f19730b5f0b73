import { createHmac, type KeyObject } from 'node:crypto';
import type { Clock } from '@switchboard/ports';
import type { UserId } from '@switchboard/protocol';

export interface IceSettings {
  readonly stunUrls: readonly string[];
  readonly turnUrls: readonly string[];
  /** Shared with the TURN server (`static-auth-secret` of coturn). Absent: no TURN server is named. */
  readonly turnSecret?: KeyObject | undefined;
  readonly turnTtlMs: number;
}

export interface IceServers {
  readonly iceServers: { urls: string[]; username?: string; credential?: string }[];
  /** When the TURN credentials lapse, ISO 8601. */
  readonly expiresAt?: string;
}

/**
 * The servers as RTCPeerConnection takes them. TURN credentials are those of the TURN REST API draft, which coturn checks without
 * asking us: user name `<expiry, seconds since 1970>:<user id>`, password base64(HMAC-SHA1(secret, user name)). They are bound to the user and short-lived.
 */
export function iceServersFor(
  userId: UserId,
  { stunUrls, turnUrls, turnSecret, turnTtlMs }: IceSettings,
  clock: Clock,
): IceServers {
  const stun = stunUrls.length > 0 ? [{ urls: [...stunUrls] }] : [];
  if (turnUrls.length === 0 || !turnSecret) return { iceServers: stun };
  const expiresAt = Math.floor((clock.now() + turnTtlMs) / 1000);
  const username = `${expiresAt}:${userId}`;
  const credential = createHmac('sha1', turnSecret).update(username).digest('base64');
  return {
    iceServers: [...stun, { urls: [...turnUrls], username, credential }],
    expiresAt: new Date(expiresAt * 1000).toISOString(),
  };
}
