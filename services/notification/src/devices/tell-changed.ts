import type { UserId } from '@switchboard/protocol';
import type { NotificationContext } from '../context.ts';

/** Push targets or settings of the user changed; a hint, which nobody waits for and anybody may miss. */
export function tellChanged(
  { bus, logger }: Pick<NotificationContext, 'bus' | 'logger'>,
  userId: UserId,
): void {
  bus
    .notify({ type: 'push.changed', userId })
    .catch((err: unknown) => logger.warn({ userId, err }, 'a notice could not be sent'));
}
