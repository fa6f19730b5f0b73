import type { Bus, Clock, Presence } from '@switchboard/ports';
import { type LiveSessions, ok, type UserId, unavailable } from '@switchboard/protocol';

/** Users of one question looked up at the same time. */
const ABREAST = 32;

export interface LiveParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly presence: Presence;
  /** Whether what presence says can be believed: after a cut it knows nobody until the nodes have said who is with them. */
  readonly knows: () => boolean;
}

/** Tells other services which sessions have a live socket; any node can. */
export function serveLive({ bus, clock, presence, knows }: LiveParts): Promise<AsyncDisposable> {
  return bus.serve('signaling.live', async ({ userIds }) => {
    if (!knows()) throw unavailable('This node');
    const users: LiveSessions[] = [];
    const waiting: UserId[] = [...new Set(userIds)];
    const worker = async (): Promise<void> => {
      for (let userId = waiting.pop(); userId; userId = waiting.pop()) {
        const devices = await presence.devicesOf(userId, clock.now());
        const sessions = [...new Set(devices.map(({ sessionId }) => sessionId))];
        if (sessions.length > 0) users.push({ userId, sessions });
      }
    };
    await Promise.all(Array.from({ length: Math.min(ABREAST, waiting.length) }, worker));
    return ok({ users });
  });
}
