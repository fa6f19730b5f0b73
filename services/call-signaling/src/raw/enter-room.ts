import type { Dispatcher } from '../edge/dispatcher.ts';
import type { Session } from '../edge/session.ts';
import type { RawConnection } from './raw-connection.ts';

/** A raw socket joins the room of its path before it is listened to; without the room there is nothing for it here. */
export async function enterRoom(
  raw: RawConnection,
  session: Session,
  dispatcher: Pick<Dispatcher, 'dispatch'>,
): Promise<void> {
  const joined = await dispatcher.dispatch(session, { type: 'room.join', roomId: raw.admission.room });
  if (joined.ok) raw.begin();
  else session.close(joined.error.code === 'ROOM_NOT_FOUND' ? 'room_deleted' : 'fault');
}
