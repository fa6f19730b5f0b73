import { type EventOf, SwitchboardError, type UserId } from '@switchboard/protocol';
import { every } from '@switchboard/service-kit';
import type { DeviceSession } from '../store/device-records.ts';
import type { DeviceContext } from './device-context.ts';
import { tellChanged } from './tell-changed.ts';

/** What ends sessions. */
export const SESSION_ENDS = ['auth.session.revoked', 'auth.user.banned', 'auth.user.deleted'] as const;
export type SessionEnd = (typeof SESSION_ENDS)[number];

/**
 * Devices go with their session. An event may come again, and late: by then the user may have signed in anew, so "all sessions" means those that are over now. An id that
 * is over stays so.
 * @throws SwitchboardError, and the event is tried again.
 */
export async function endDevices(context: DeviceContext, event: EventOf<SessionEnd>): Promise<void> {
  switch (event.type) {
    case 'auth.session.revoked':
      if (event.sessionId === undefined) await checkSessions(context, event.userId);
      else await removeSession(context, { userId: event.userId, sessionId: event.sessionId });
      return;
    case 'auth.user.banned':
      await checkSessions(context, event.user.id);
      return;
    case 'auth.user.deleted':
      await context.preferences.forget(event.user.id);
      if (await context.devices.removeUser(event.user.id)) tellChanged(context, event.user.id);
      return;
  }
}

async function checkSessions(context: DeviceContext, userId: UserId): Promise<void> {
  for (const session of await context.devices.sessionsOf(userId)) await checkSession(context, session);
}

/** Takes the session's devices away when it is over. @throws SwitchboardError while that cannot be told. */
async function checkSession(context: DeviceContext, session: DeviceSession): Promise<void> {
  const { bus, devices, clock } = context;
  const asked = new Date(clock.now());
  const alive = await bus.request('auth.session.check', session);
  if (alive.ok) await devices.checked(session, asked);
  else if (alive.error.code === 'UNAUTHORIZED') await removeSession(context, session);
  else throw new SwitchboardError(alive.error);
}

async function removeSession(context: DeviceContext, session: DeviceSession): Promise<void> {
  if (await context.devices.removeSession(session)) tellChanged(context, session.userId);
}

const SWEEP_MS = 60_000;
const SWEEP_PAGE = 100;
/** In one round; the rest is next round's. */
const SWEEP_MOST = 5_000;

/**
 * Asks after every device's session from time to time: sessions lapse without a word, and a broker that lost its disk lost what was said. So a device outlives its
 * session by DEVICE_CHECK_INTERVAL at most, whatever happened.
 */
export function sweepSessions(context: DeviceContext): AsyncDisposable {
  const { clock, logger, config } = context;
  const ms = Math.min(SWEEP_MS, config.DEVICE_CHECK_INTERVAL);
  return every(
    ms,
    clock,
    async () => {
      const before = new Date(clock.now() - config.DEVICE_CHECK_INTERVAL);
      for (let done = 0; done < SWEEP_MOST; ) {
        const sessions = await context.devices.unchecked(before, SWEEP_PAGE);
        if (sessions.length === 0) return;
        for (const session of sessions) await checkSession(context, session);
        done += sessions.length;
      }
    },
    (err) => logger.warn({ err }, 'sessions of devices were not all asked after'),
  );
}
