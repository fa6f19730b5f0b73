import {
  type ChatTarget,
  type CommandOf,
  jsonBytes,
  type ReplyOf,
  type Result,
  SEND_BATCH,
} from '@switchboard/protocol';
import type { Handler, SignalingContext } from '../context.ts';
import { createGathering, type Gathering } from '../edge/gathering.ts';
import type { Session } from '../edge/session.ts';
import { notInRoom } from '../rooms/not-in-room.ts';

type Outgoing = Omit<CommandOf<'chat.send'>, 'type' | 'to'>;
type Sent = Result<ReplyOf<'chat.send'>>;

/**
 * Acknowledged when chat has stored it, and not before. A lost or late reply comes up as a retryable SERVICE_UNAVAILABLE: the message may or
 * may not be stored, and the same clientMessageId finds out.
 *
 * What one socket sends to one conversation is stored in the order of sending. So there is one request of them under way at a time, and what comes meanwhile goes
 * next, together: the more a socket sends, the more travel in one request and one write.
 */
export function createChatSend(): Handler<'chat.send'> {
  const outgoing = new WeakMap<Session, Map<string, Gathering<Outgoing, Sent>>>();

  return (session, { to, content, contentType, clientMessageId }, context) => {
    const gatherings = outgoing.get(session) ?? new Map<string, Gathering<Outgoing, Sent>>();
    outgoing.set(session, gatherings);
    const key = to.kind === 'direct' ? `to:${to.userId}` : `room:${to.roomId}`;
    const gathering =
      gatherings.get(key) ??
      createGathering<Outgoing, Sent>({
        maxItems: SEND_BATCH.messages,
        maxBytes: SEND_BATCH.bytes,
        bytesOf: jsonBytes,
        carry: (messages) => send(session, to, messages, context),
        onIdle: () => gatherings.delete(key),
      });
    gatherings.set(key, gathering);
    return gathering.add({
      content,
      contentType,
      ...(clientMessageId === undefined ? {} : { clientMessageId }),
    });
  };
}

/** To a room only from within. */
async function send(
  session: Session,
  to: ChatTarget,
  messages: readonly Outgoing[],
  context: SignalingContext,
): Promise<readonly Sent[]> {
  if (to.kind === 'room' && !(await context.rooms.has(session, to.roomId))) {
    const refusal = await notInRoom(context, to.roomId);
    return messages.map(() => refusal);
  }
  const from = { actor: session.identity, origin: session.deviceId, to };
  const [first, ...others] = messages;
  if (first && others.length === 0) return [await context.bus.request('chat.send', { ...from, ...first })];
  const batch = await context.bus.request('chat.send.batch', { ...from, messages: [...messages] });
  return batch.ok ? batch.value.answers : messages.map(() => batch);
}
