import type { Dispatcher } from '../edge/dispatcher.ts';
import type { Session } from '../edge/session.ts';
import type { RawConnection } from './raw-connection.ts';

/** A raw socket takes part in the room of its path by connecting; its upgrade waits for that. */
export async function enterRoom(
  raw: RawConnection,
  session: Session,
  dispatcher: Pick<Dispatcher, 'dispatch'>,
): Promise<void> {
  raw.enter(await dispatcher.dispatch(session, { type: 'room.join', roomId: raw.admission.room }));
}
