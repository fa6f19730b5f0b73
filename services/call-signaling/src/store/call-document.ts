import { Call, type CallEvent } from '@switchboard/protocol';
import type { CallDoc } from './call-model.ts';

type Facts = Omit<CallDoc, '_id' | 'open'>;

export interface CallUpdate {
  readonly $set: Partial<CallDoc>;
  readonly $setOnInsert: Partial<CallDoc>;
}

/** Picks the record of this very call: clients choose ids, and one may come again for another call, whose record is not to be touched. */
export function recordOf({ id, caller, createdAt }: Call) {
  return { _id: id, 'caller.id': caller.id, createdAt: new Date(createdAt) };
}

/** What an event says about its call, as an upsert. An event knows nothing that a later one takes back. */
export function updateFor({ type, call }: CallEvent): CallUpdate {
  const facts = { ...factsOf(call) };
  return type === 'call.ended'
    ? { $set: { ...facts, open: false }, $setOnInsert: {} }
    : { $set: facts, $setOnInsert: { open: true } };
}

function factsOf(call: Call): Facts {
  const { id: _id, phase: _phase, createdAt, answeredAt, endedAt, ...same } = call;
  const talked = answeredAt !== undefined && endedAt !== undefined;
  return {
    ...same,
    parties: [call.caller.id, ...call.callees.map((user) => user.id)],
    createdAt: new Date(createdAt),
    ...(answeredAt === undefined ? {} : { answeredAt: new Date(answeredAt) }),
    ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt) }),
    ...(talked ? { durationMs: Math.max(0, Date.parse(endedAt) - Date.parse(answeredAt)) } : {}),
  };
}

/** The call as clients see it. */
export function callOf(doc: CallDoc): Call {
  const { _id, parties: _parties, durationMs: _durationMs, open: _open, ...rest } = doc;
  const { createdAt, answeredAt, endedAt, ...same } = rest;
  return Call.parse({
    ...same,
    id: _id,
    phase: endedAt ? 'ended' : answeredAt ? 'active' : 'ringing',
    createdAt: createdAt.toISOString(),
    ...(answeredAt ? { answeredAt: answeredAt.toISOString() } : {}),
    ...(endedAt ? { endedAt: endedAt.toISOString() } : {}),
  });
}
