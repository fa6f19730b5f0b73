import type { CallRecord } from '@switchboard/dialects';
import { callScore } from '@switchboard/domain';
import { Call, type CallEvent, DeviceId, UserId } from '@switchboard/protocol';
import type { CallDoc, SideQuality } from './call-model.ts';

type Facts = Omit<CallDoc, '_id' | 'open'>;

export interface CallUpdate {
  readonly $set: Partial<CallDoc>;
  readonly $setOnInsert: Partial<CallDoc>;
  readonly $addToSet: { readonly devices: { readonly $each: NonNullable<CallDoc['devices']> } };
}

/** Picks the record of this very call: clients choose ids, and one may come again for another call, whose record is not to be touched. */
export function recordOf({ id, caller, createdAt }: Call) {
  return { _id: id, 'caller.id': caller.id, createdAt: new Date(createdAt) };
}

/** What an event says about its call, as an upsert. An event knows nothing that a later one takes back. */
export function updateFor({ type, call }: CallEvent): CallUpdate {
  if (type === 'call.ended') return endOf(call);
  return {
    $set: factsOf(call),
    $setOnInsert: { open: true },
    $addToSet: { devices: { $each: devicesIn(call) } },
  };
}

/** What is to be said of a call that is over. */
export function endOf(call: Call): CallUpdate {
  return {
    $set: { ...factsOf(call), open: false },
    $setOnInsert: {},
    $addToSet: { devices: { $each: devicesIn(call) } },
  };
}

/** Who sits in it as an event shows it. With one event of its beginning, one of its answer and one of its end a call has five at most. */
function devicesIn({
  caller,
  callerDevice,
  answeredBy,
  answerDevice,
}: Call): NonNullable<CallDoc['devices']> {
  return [
    { userId: caller.id, ...callerDevice },
    ...(answeredBy === undefined || answerDevice === undefined
      ? []
      : [{ userId: answeredBy, ...answerDevice }]),
  ].map(({ userId, deviceId, dialect }) => ({ userId, deviceId, dialect }));
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
  const { _id, parties: _p, durationMs: _d, open: _o, devices: _v, quality: _q, ...rest } = doc;
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

/** The call with what became of it. */
export function recordOfDoc(doc: CallDoc): CallRecord {
  const { createdAt, answeredAt, endedAt, durationMs, devices = [], quality } = doc;
  const rang = answeredAt ?? endedAt;
  const sides = [quality?.caller, quality?.answerer].filter((side) => side !== undefined);
  const codecs = [...new Set(sides.flatMap((side) => side.codecs ?? []))];
  const paths = sides.flatMap(({ path }) => path ?? []);
  const path = paths.includes('relay') ? 'relay' : paths[0];
  const mos = callScore(sides.map((side) => side.mos));
  return {
    call: callOf(doc),
    devices: devices.map(({ userId, deviceId, dialect }) => ({
      userId: UserId.parse(userId),
      deviceId: DeviceId.parse(deviceId),
      dialect,
    })),
    ...(rang === undefined ? {} : { ringMs: Math.max(0, rang.getTime() - createdAt.getTime()) }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(codecs.length > 0 || path !== undefined
      ? { negotiated: { codecs, ...(path === undefined ? {} : { path }) } }
      : {}),
    ...(sides.length === 0
      ? {}
      : {
          quality: {
            ...(mos === undefined ? {} : { mos }),
            ...(quality?.caller ? { caller: sideOf(quality.caller) } : {}),
            ...(quality?.answerer ? { answerer: sideOf(quality.answerer) } : {}),
          },
        }),
  };
}

/** A side's report as clients see it. */
export function sideOf({ reportedAt, ...measured }: SideQuality) {
  return { ...measured, reportedAt: reportedAt.toISOString() };
}
