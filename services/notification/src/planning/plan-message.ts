import { isWellFormed, mentionTails } from '@switchboard/domain';
import type { EventOf, Message, UserId } from '@switchboard/protocol';
import type { Said } from '../store/fan-out-model.ts';
import { liveSessions } from './live-sessions.ts';
import type { MessageParts } from './planning-parts.ts';

/** The bound of a push's preview, in UTF-16 units. */
const PREVIEW = 200;
/** What is said in a room in one breath makes one round through its followers. */
const ROOM_DELAY_MS = 500;
/** The worker has more patience. */
const LIVE_TIMEOUT_MS = 1_000;

/** Somebody said something: its conversation is noted, and a worker goes through its followers. */
export async function planMessage(
  parts: MessageParts,
  { message }: EventOf<'chat.message.created'>,
): Promise<void> {
  const { fanOuts, clock, wakeWorker } = parts;
  const { conversationId, roomId, receiverId, sender, content, contentType } = message;
  // Most of what is said in direct conversations wakes nobody: then nothing is written.
  if (receiverId !== undefined && (receiverId === sender.id || !(await canBeWoken(parts, receiverId))))
    return;
  const tails = contentType === 'text' && content.includes('@') ? mentionTails(content) : [];
  const delay = roomId === undefined ? 0 : ROOM_DELAY_MS;
  await fanOuts.note(conversationId, saidOf(message), tails, clock.now() + delay);
  if (delay === 0) wakeWorker();
}

/** Whether a user has push targets and, as far as can be said now, no socket. */
async function canBeWoken({ devices, bus, logger }: MessageParts, userId: UserId): Promise<boolean> {
  if ((await devices.ofUser(userId)).length === 0) return false;
  try {
    return !(await liveSessions(bus, [userId], LIVE_TIMEOUT_MS)).has(userId);
  } catch (err) {
    logger.debug({ err, userId }, 'whether a receiver is connected is asked later');
    return true;
  }
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
