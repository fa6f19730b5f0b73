import { ok, type RequestPayload, type RequestReply, type Result } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { getRoom } from '../rooms/get-room.ts';

export async function tellRoom(
  context: ChatContext,
  { roomId }: RequestPayload<'chat.room.get'>,
): Promise<Result<RequestReply<'chat.room.get'>>> {
  const room = await getRoom(context, { roomId });
  return room.ok ? ok({ room: room.value }) : room;
}
