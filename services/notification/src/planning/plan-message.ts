import { isWellFormed, mentionTails } from '@switchboard/domain';
import type { EventOf, Message } from '@switchboard/protocol';
import type { Said } from '../store/fan-out-model.ts';
import type { MessageParts } from './planning-parts.ts';

/** The bound of a push's preview, in UTF-16 units. */
const PREVIEW = 200;
/** What is said in a room in one breath makes one round through its followers. */
const ROOM_DELAY_MS = 500;

/** Somebody said something: its conversation is noted, and a worker goes through its followers. */
export async function planMessage(
  { fanOuts, clock, wakeWorker }: MessageParts,
  { message }: EventOf<'chat.message.created'>,
): Promise<void> {
  const { conversationId, roomId, content, contentType } = message;
  const inRoom = roomId !== undefined;
  const tails = contentType === 'text' && content.includes('@') ? mentionTails(content) : [];
  await fanOuts.note(conversationId, saidOf(message), tails, clock.now() + (inRoom ? ROOM_DELAY_MS : 0));
  if (!inRoom) wakeWorker();
}

function saidOf({ id: messageId, seq, sender: from, contentType, content }: Message): Said {
  return { messageId, seq, from, contentType, preview: beginning(content) };
}

/** Does not cut a character in half. */
function beginning(text: string): string {
  if (text.length <= PREVIEW) return text;
  const cut = text.slice(0, PREVIEW);
  return isWellFormed(cut) ? cut : cut.slice(0, -1);
}
