import type { CallId, CallRef, UserId } from '@switchboard/protocol';
import type { InboundEvent } from '../dialect.ts';
import { inbound } from '../payload/inbound.ts';
import { EndCall, InitiateCall, Join, ReadMessage, RespondToCall, SendMessage, TypingTo } from './schema.ts';

const sendMessage = (summary: string) =>
  inbound({
    summary,
    schema: SendMessage,
    command: ({ to, content, type }) => ({
      type: 'chat.send',
      to: { kind: 'direct', userId: to },
      content,
      contentType: type,
    }),
  });

const typing = (summary: string, active: boolean) =>
  inbound({
    summary,
    schema: TypingTo,
    command: ({ to }) => ({ type: 'chat.typing', to: { kind: 'direct', userId: to }, active }),
  });

export const jitsiInbound: ReadonlyMap<string, InboundEvent> = new Map([
  [
    'join',
    inbound({
      summary: 'Authenticates a socket that connected without a token.',
      schema: Join,
      anonymous: true,
      command: ({ token }) => ({ type: 'session.join', token }),
    }),
  ],
  ['message', sendMessage('Sends a direct message.')],
  ['message:send', sendMessage('The same as `message`.')],
  [
    'message:read',
    inbound({
      summary: 'Marks one message, several, or a whole conversation as read.',
      schema: ReadMessage,
      command: ({ messageId, messageIds = [], conversationId }) => ({
        type: 'chat.read',
        messageIds: messageId === undefined ? messageIds : [messageId, ...messageIds],
        ...(conversationId === undefined ? {} : { conversationId }),
      }),
    }),
  ],
  ['typing:start', typing('Says that one is writing to a user.', true)],
  ['typing:stop', typing('Says that one stopped writing to a user.', false)],
  [
    'call:initiate',
    inbound({
      summary: 'Calls a user; both then meet in a Jitsi room.',
      schema: InitiateCall,
      command: ({ to, callType }) => ({
        type: 'call.place',
        to: { kind: 'user', userId: to },
        kind: callType,
        media: 'jitsi',
        negotiation: 'accept-first',
      }),
    }),
  ],
  [
    'call:respond',
    inbound({
      summary: 'Accepts or refuses a call that rings.',
      schema: RespondToCall,
      command: ({ response, accepted, ...call }) => {
        const word = response ?? (accepted ? 'accept' : 'reject');
        if (word === 'accept') return { type: 'call.answer', ref: callRef(call) };
        return { type: 'call.reject', ref: callRef(call), reason: word === 'busy' ? 'busy' : 'rejected' };
      },
    }),
  ],
  [
    'call:end',
    inbound({
      summary: 'Hangs up, or gives up a call that rings.',
      schema: EndCall,
      command: (call) => ({ type: 'call.end', ref: callRef(call) }),
    }),
  ],
]);

/** The schema has seen to it that one of the two is there; the id is the more exact. */
function callRef({ callId, to }: { callId?: CallId | undefined; to?: UserId | undefined }): CallRef {
  if (callId !== undefined) return { by: 'id', callId };
  return to === undefined ? { by: 'current' } : { by: 'user', userId: to };
}
