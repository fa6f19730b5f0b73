import type { MediaWays } from '@switchboard/dialects';
import type { DeviceId } from '@switchboard/protocol';
import { every } from '@switchboard/service-kit';
import type { SignalingContext } from '../context.ts';

/** Of the life of credentials, how much is over when the next ones are sent. */
const WORN = 0.75;
/** How often is looked, as a part of that life: 20 % of it are left to arrive and be taken up. */
const LOOK = 0.05;
const LOOK_MS = { least: 50, most: 30_000 } as const;

/**
 * Sends every native device that sits in a call on this node new servers before its TURN credentials lapse. Credentials for a call are no older than the call,
 * so the first turn comes with its age; a device that came here with an older call, from another node perhaps, is sent its own at once. One timer for all: what
 * is remembered is bounded by the node's own sockets in calls.
 */
export function startIceRenewal(
  { calls, clock, logger }: Pick<SignalingContext, 'calls' | 'clock' | 'logger'>,
  iceServers: MediaWays['iceServers'],
  ttlMs: number,
): AsyncDisposable {
  const due = new Map<DeviceId, number>();

  const look = (now: number): void => {
    const seated = new Set<DeviceId>();
    for (const [callId, { live, devices }] of calls.hosted.entries()) {
      const { media, createdAt } = live.state.call;
      if (media !== 'p2p') continue;
      for (const [deviceId, { session }] of devices) {
        if (session.dialect !== 'native') continue;
        seated.add(deviceId);
        const at = due.get(deviceId) ?? Date.parse(createdAt) + WORN * ttlMs;
        due.set(deviceId, at);
        if (at > now) continue;
        const servers = iceServers(session.identity.id);
        if (servers.expiresAt !== undefined) session.deliver({ type: 'ice.servers', callId, servers });
        due.set(deviceId, now + WORN * ttlMs);
      }
    }
    for (const deviceId of due.keys()) if (!seated.has(deviceId)) due.delete(deviceId);
  };

  const everyMs = Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, LOOK * ttlMs));
  return every(
    everyMs,
    clock,
    async () => look(clock.now()),
    (err) => logger.error({ err }, 'ICE servers could not be renewed'),
  );
}
