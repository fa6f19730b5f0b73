import { CallId, CallKind, UserId } from '@switchboard/protocol';
import { z } from 'zod';
import { Candidate, Description } from '../payload/bounded.ts';
import { CallKindInput } from '../payload/call-kind.ts';
import { SocketError } from '../payload/error-frame.ts';
import { UserIdInput } from '../payload/ids.ts';
import { spelled } from '../payload/spellings.ts';

const target = ['userToCall', 'to', 'toUserId'];
const signal = ['signal', 'offer', 'answer'];

export const CallUser = spelled(
  { targetUserId: target, signalData: signal },
  z.object({ targetUserId: UserIdInput, signalData: Description, callType: CallKindInput.default('video') }),
);
export const AnswerCall = spelled(
  { targetUserId: target, signalData: ['signal', 'answer', 'offer'] },
  z.object({ targetUserId: UserIdInput, signalData: Description }),
);
export const CallTarget = spelled({ targetUserId: target }, z.object({ targetUserId: UserIdInput }));
export const IceCandidate = spelled(
  { targetUserId: target },
  z.object({ targetUserId: UserIdInput, candidate: Candidate }),
);

const Answered = z.object({ from: UserId, signalData: z.unknown() });

export const peerOutbound = {
  users: {
    schema: z.array(z.object({ id: UserId, username: z.string() })),
    summary: 'Everybody who is connected, oneself included; on connect and on every change.',
  },
  incomingCall: {
    schema: z.object({
      from: UserId,
      username: z.string(),
      signalData: z.unknown(),
      callId: CallId,
      callType: CallKind.optional(),
    }),
    summary: 'Somebody calls, or renegotiates a live call; `signalData` is their offer.',
  },
  callAccepted: { schema: Answered, summary: 'The call was answered; `signalData` is the answer.' },
  callAnswered: {
    schema: Answered,
    summary: 'The same as callAccepted, under the name that some clients listen to.',
  },
  callRejected: {
    schema: z.object({ from: UserId, reason: z.enum(['timeout', 'busy', 'unavailable']).optional() }),
    summary: 'The call came to nothing; without a reason the callee said no.',
  },
  callEnded: { schema: z.object({ from: UserId }), summary: 'The call is over for this device.' },
  iceCandidate: {
    schema: z.object({ from: UserId, candidate: z.unknown() }),
    summary: 'An ICE candidate of the other side.',
  },
  userDisconnected: { schema: z.object({ userId: UserId }), summary: 'A user has no connection any more.' },
  error: { schema: SocketError, summary: 'An event without an ack function was refused.' },
} as const;
