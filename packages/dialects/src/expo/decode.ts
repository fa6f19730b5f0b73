import type { CallId, CallRef, UserId } from '@switchboard/protocol';
import type { InboundEvent } from '../dialect.ts';
import { inbound } from '../payload/inbound.ts';
import {
  AcceptCall,
  EndCall,
  NamedCall,
  ReadMessage,
  RequestCall,
  SendMessage,
  Signalling,
  TypingTo,
} from './schema.ts';

const typing = (summary: string, active: boolean) =>
  inbound({
    summary,
    schema: TypingTo,
    command: ({ to }) => ({ type: 'chat.typing', to: { kind: 'direct', userId: to }, active }),
  });

const rejecting = (summary: string, reason: 'rejected' | 'busy') =>
  inbound({
    summary,
    schema: NamedCall,
    command: (call) => ({ type: 'call.reject', ref: callRef(call), reason }),
  });

export const expoInbound: ReadonlyMap<string, InboundEvent> = new Map([
  [
    'CHAT_MESSAGE',
    inbound({
      summary: 'Sends a direct message.',
      schema: SendMessage,
      command: ({ to, content }) => ({
        type: 'chat.send',
        to: { kind: 'direct', userId: to },
        content,
        contentType: 'text',
      }),
    }),
  ],
  ['CHAT_TYPING', typing('Says that one is writing to a user.', true)],
  ['CHAT_STOP_TYPING', typing('Says that one stopped writing to a user.', false)],
  [
    'MESSAGE_READ',
    inbound({
      summary: 'Marks a message as read.',
      schema: ReadMessage,
      command: ({ messageId }) => ({ type: 'chat.read', messageIds: [messageId] }),
    }),
  ],
  [
    'CALL_REQUEST',
    inbound({
      summary: 'Calls a user: offer-first with an SDP offer, accept-first without.',
      schema: RequestCall,
      command: ({ to, type, offer }) => ({
        type: 'call.place',
        to: { kind: 'user', userId: to },
        kind: type,
        media: 'p2p',
        ...(offer === undefined
          ? { negotiation: 'accept-first' as const }
          : { negotiation: 'offer-first' as const, offer }),
      }),
    }),
  ],
  [
    'CALL_ACCEPT',
    inbound({
      summary: 'Takes a call, with an SDP answer when it came with an offer.',
      schema: AcceptCall,
      command: ({ answer, ...call }) => ({
        type: 'call.answer',
        ref: callRef(call),
        ...(answer === undefined ? {} : { answer }),
      }),
    }),
  ],
  ['CALL_REJECT', rejecting('Refuses a call.', 'rejected')],
  ['CALL_BUSY', rejecting('Refuses a call, because one is in another.', 'busy')],
  [
    'CALL_TIMEOUT',
    inbound({
      summary:
        'Gives up a call that the client thinks nobody answers; the server’s own clock needs no reminder.',
      schema: NamedCall,
      command: (call) => ({ type: 'call.end', ref: callRef(call) }),
    }),
  ],
  [
    'CALL_ENDED',
    inbound({
      summary: 'Hangs up, or gives up a call that rings.',
      schema: EndCall,
      command: (call) => ({ type: 'call.end', ref: callRef(call) }),
    }),
  ],
  [
    'ICE_CANDIDATE',
    inbound({
      summary: 'Sends a candidate, or after the accept an offer or an answer, to the other side of a call.',
      schema: Signalling,
      command: ({ candidate, offer, answer, ...call }) => ({
        type: 'call.signal',
        ref: callRef(call),
        signal:
          offer !== undefined
            ? { kind: 'offer', payload: offer }
            : answer !== undefined
              ? { kind: 'answer', payload: answer }
              : { kind: 'candidate', payload: candidate },
      }),
    }),
  ],
]);

/** The id is the more exact. */
function callRef({ callId, to }: { callId?: CallId | undefined; to?: UserId | undefined }): CallRef {
  if (callId !== undefined) return { by: 'id', callId };
  return to === undefined ? { by: 'current' } : { by: 'user', userId: to };
}
