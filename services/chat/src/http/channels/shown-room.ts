import { channelsRoom } from '@switchboard/dialects';
import type { Room } from '@switchboard/protocol';
import type { ChatContext } from '../../context.ts';
import { emailsOf } from '../../rooms/emails-of.ts';

export async function shownRoom(context: ChatContext, room: Room) {
  const emailOf = await emailsOf(context, [room.creator.id]);
  return channelsRoom(room, emailOf(room.creator.id));
}
