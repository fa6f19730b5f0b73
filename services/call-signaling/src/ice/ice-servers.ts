import { createHmac, type KeyObject } from 'node:crypto';
import type { MediaWays } from '@switchboard/dialects';
import type { Clock } from '@switchboard/ports';
import type { IceServers, UserId } from '@switchboard/protocol';

export interface IceSettings {
  readonly stunUrls: readonly string[];
  readonly turnUrls: readonly string[];
  /** Shared with the TURN server (`static-auth-secret` of coturn). Absent: no TURN server is named. */
  readonly turnSecret?: KeyObject | undefined;
  readonly turnTtlMs: number;
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

/** One call is told of in several payloads within moments: its credentials are made once. */
const FRESH_MS = 5_000;
const REMEMBERED = 1_000;

/** The same, remembered for some seconds and no longer than a twentieth of their life. */
export function createIceServers(settings: IceSettings, clock: Clock): MediaWays['iceServers'] {
  const freshMs = Math.min(FRESH_MS, settings.turnTtlMs / 20);
  const made = new Map<UserId, { readonly servers: IceServers; readonly until: number }>();
  return (userId) => {
    const now = clock.now();
    const known = made.get(userId);
    if (known && now < known.until) return known.servers;
    const servers = iceServersFor(userId, settings, clock);
    // Made anew it is the youngest, so that the first one is always the oldest.
    made.delete(userId);
    made.set(userId, { servers, until: now + freshMs });
    for (const oldest of made.keys()) {
      if (made.size <= REMEMBERED) break;
      made.delete(oldest);
    }
    return servers;
  };
}
