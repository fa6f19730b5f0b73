import type { Bus, Clock } from '@switchboard/ports';
import type { RoomId } from '@switchboard/protocol';
import type { Logger } from '@switchboard/service-kit';

/** Tells every node, this one included, that somebody came into a room or left it. */
export interface RoomNews extends AsyncDisposable {
  changed(roomId: RoomId): void;
}

/** Changes of one room that lie closer together are one notice. */
const BATCH_MS = 20;

export function createRoomNews(
  bus: Pick<Bus, 'notify'>,
  clock: Clock,
  logger: Pick<Logger, 'warn'>,
): RoomNews {
  let waiting = new Set<RoomId>();
  let timer: Disposable | undefined;
  let sending: Promise<void> = Promise.resolve();

  const send = async (): Promise<void> => {
    const changed = waiting;
    waiting = new Set();
    timer = undefined;
    await Promise.all(
      [...changed].map((roomId) =>
        bus.notify({ type: 'room.changed', roomId }).catch((err: unknown) => {
          // Other nodes look for themselves now and then.
          logger.warn({ err, roomId }, 'other nodes were not told that a room changed');
        }),
      ),
    );
  };

  return {
    changed(roomId) {
      waiting.add(roomId);
      timer ??= clock.after(BATCH_MS, () => {
        sending = Promise.all([sending, send()]).then(() => undefined);
      });
    },
    async [Symbol.asyncDispose]() {
      timer?.[Symbol.dispose]();
      await Promise.all([sending, send()]);
    },
  };
}
