import { type Command, ok, RoomId, reject, withinDepth } from '@switchboard/protocol';
import type { z } from 'zod';
import type { InboundEvent } from '../dialect.ts';
import { invalidData } from '../payload/invalid-data.ts';
import { AnswerFrame, CandidateFrame, ChatFrame, HangupFrame, isRecord, OfferFrame } from './schema.ts';

/**
 * Frames have no event name; this is what `channelsInbound` calls them: the `type` of a signal, else `message` for what has a `content`.
 * Undefined for what this vocabulary does not have.
 */
export function channelsEventOf(frame: unknown): string | undefined {
  if (!isRecord(frame)) return undefined;
  const { type } = frame;
  if (typeof type === 'string' && type !== 'message' && channelsInbound.has(type)) return type;
  return Object.hasOwn(frame, 'content') ? 'message' : undefined;
}

function refused(field: string, rule: string, message: string) {
  return reject('INVALID_DATA', `Invalid data: ${field} ${message}`, {
    fields: { [field]: [{ rule, message }] },
  });
}

/** The arguments are the frame and the room of the connection, which the frame does not say. */
function inRoom<S extends z.ZodType>(event: {
  readonly summary: string;
  readonly schema: S;
  readonly command: (frame: z.output<S>, roomId: RoomId) => Command;
}): InboundEvent {
  return {
    summary: event.summary,
    schema: event.schema,
    decode([frame, room]) {
      if (!withinDepth(frame)) return refused('payload', 'too_deep', 'is nested too deeply');
      const parsed = event.schema.safeParse(frame, { reportInput: true });
      if (!parsed.success) return invalidData(parsed.error);
      const roomId = RoomId.safeParse(room);
      if (!roomId.success) return refused('roomId', 'required', 'is required');
      return ok(event.command(parsed.data, roomId.data));
    },
  };
}

export const channelsInbound: ReadonlyMap<string, InboundEvent> = new Map([
  [
    'message',
    inRoom({
      summary: 'Writes in the room.',
      schema: ChatFrame,
      command: ({ content }, roomId) => ({
        type: 'chat.send',
        to: { kind: 'room', roomId },
        content,
        contentType: 'text',
      }),
    }),
  ],
  [
    'webrtc-offer',
    inRoom({
      summary: 'Offers the others in the room a connection.',
      schema: OfferFrame,
      command: ({ payload }, roomId) => ({ type: 'room.signal', roomId, signal: { kind: 'offer', payload } }),
    }),
  ],
  [
    'webrtc-answer',
    inRoom({
      summary: 'Answers an offer.',
      schema: AnswerFrame,
      command: ({ payload }, roomId) => ({
        type: 'room.signal',
        roomId,
        signal: { kind: 'answer', payload },
      }),
    }),
  ],
  [
    'webrtc-ice-candidate',
    inRoom({
      summary: 'Says where one can be reached.',
      schema: CandidateFrame,
      command: ({ candidate }, roomId) => ({
        type: 'room.signal',
        roomId,
        signal: { kind: 'candidate', payload: candidate },
      }),
    }),
  ],
  [
    'webrtc-hangup',
    inRoom({
      summary: 'Hangs up.',
      schema: HangupFrame,
      command: (_frame, roomId) => ({ type: 'room.signal', roomId, signal: { kind: 'hangup' } }),
    }),
  ],
]);
