import { type Call, type Message, otherParty } from '@switchboard/protocol';
import type { z } from 'zod';
import type { Account, TokenPair } from '../rest-fields/views.ts';
import { expoCallType, expoMessage, isRead } from './encode.ts';
import type { ExpoCallHistory, ExpoChatHistory, ExpoRegistered, ExpoSaved, ExpoTokens } from './rest.ts';

export function expoRegistered(
  { id, username, email, name }: Account,
  tokens: TokenPair,
): z.infer<typeof ExpoRegistered> {
  return {
    message: 'User registered successfully',
    ...expoTokens(tokens),
    user: { _id: id, id, username, email, name },
  };
}

export function expoTokens({ accessToken, refreshToken }: TokenPair): z.infer<typeof ExpoTokens> {
  return { token: accessToken, refreshToken };
}

export function expoPushTokenSaved(): z.infer<typeof ExpoSaved> {
  return { message: 'Push token saved' };
}

/** In the order given; messages of rooms have no shape here and are left out. */
export function expoChatHistory(messages: readonly Message[]): z.infer<typeof ExpoChatHistory> {
  return messages.flatMap((message) => {
    const shown = expoMessage(message);
    return shown ? [{ ...shown, read: isRead(message) }] : [];
  });
}

/** In the order given. Calls of every vocabulary and medium. */
export function expoCallHistory(calls: readonly Call[]): z.infer<typeof ExpoCallHistory> {
  return calls.map((call) => ({
    _id: call.id,
    caller: call.caller.id,
    receiver: otherParty(call, call.caller.id).id,
    type: expoCallType(call.kind),
    status: statusOf(call),
    startedAt: call.createdAt,
    endedAt: call.endedAt ?? null,
    duration: talkSeconds(call),
  }));
}

/** A call that was answered has `ended` whatever ended it; of the others all that nobody decided are `missed`. */
function statusOf({ phase, answeredAt, endReason }: Call): z.infer<typeof ExpoCallHistory>[number]['status'] {
  if (phase === 'ringing') return 'requested';
  if (phase === 'active') return 'accepted';
  if (answeredAt !== undefined) return 'ended';
  return endReason === 'rejected' || endReason === 'busy' ? endReason : 'missed';
}

function talkSeconds({ answeredAt, endedAt }: Call): number {
  if (answeredAt === undefined || endedAt === undefined) return 0;
  return Math.max(0, Math.round((Date.parse(endedAt) - Date.parse(answeredAt)) / 1000));
}
