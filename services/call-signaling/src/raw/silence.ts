import type { Clock } from '@switchboard/ports';
import type { Rejection } from '@switchboard/protocol';
import type { Logger } from '@switchboard/service-kit';
import type { RawConnection } from './raw-connection.ts';

/** Lines that one socket may put into the log. */
const EVERY_MS = 10_000;

/**
 * "Invalid messages are silently dropped and logged on the server side" (channels.md): the first at once, then one line now and then that says
 * how many there were. `event` is a word of ours for whatever came, never a client's text.
 */
export function createSilence(
  { admission: { identity, room } }: Pick<RawConnection, 'admission'>,
  clock: Clock,
  logger: Logger,
): (rejection: Rejection, event?: string) => void {
  let dropped = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;
  return ({ code }, event) => {
    dropped += 1;
    const now = clock.now();
    if (now - loggedAt < EVERY_MS) return;
    loggedAt = now;
    logger.info({ userId: identity.id, roomId: room, code, event, dropped }, 'frame dropped');
    dropped = 0;
  };
}
