import type { Call, CallQuality, PublicUser, UserId } from '@switchboard/protocol';
import type { z } from 'zod';
import type * as reply from './rest-calls-schema.ts';

type Shown<T extends z.ZodType> = z.infer<T>;
type SideQuality = Shown<typeof reply.CallSideQuality>;

/** A call that was, or is, and what is known of it beside. */
export interface CallRecord
  extends Pick<
    Shown<typeof reply.NativeCallRecord>,
    'devices' | 'ringMs' | 'durationMs' | 'negotiated' | 'quality'
  > {
  readonly call: Call;
}

/** What is known of the ring for one callee. */
export type RingView = NonNullable<Shown<typeof reply.NativeCall>['ring']>;

function record({ call, devices, ringMs, durationMs, negotiated, quality }: CallRecord) {
  return {
    ...call,
    devices: devices.map(({ userId, deviceId, dialect }) => ({ userId, deviceId, dialect })),
    ...(ringMs === undefined ? {} : { ringMs }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(negotiated === undefined ? {} : { negotiated }),
    ...(quality === undefined ? {} : { quality: sides(quality) }),
  };
}

function sides({ mos, caller, answerer }: NonNullable<CallRecord['quality']>) {
  return {
    ...(mos === undefined ? {} : { mos }),
    ...(caller === undefined ? {} : { caller: side(caller) }),
    ...(answerer === undefined ? {} : { answerer: side(answerer) }),
  };
}

function side({ mos, reportedAt, ...given }: SideQuality): SideQuality {
  return { ...measured(given), ...(mos === undefined ? {} : { mos }), reportedAt };
}

function measured({ roundTripMs, jitterMs, loss, path, setupMs, codecs }: CallQuality): CallQuality {
  return {
    ...(roundTripMs === undefined ? {} : { roundTripMs }),
    ...(jitterMs === undefined ? {} : { jitterMs }),
    ...(loss === undefined ? {} : { loss }),
    ...(path === undefined ? {} : { path }),
    ...(setupMs === undefined ? {} : { setupMs }),
    ...(codecs === undefined ? {} : { codecs }),
  };
}

function seenBy(userId: UserId, of: CallRecord): Shown<typeof reply.NativeCallRecord> {
  return { ...record(of), direction: of.call.caller.id === userId ? 'outgoing' : 'incoming' };
}

export function nativeCalls(
  userId: UserId,
  calls: readonly CallRecord[],
  more: boolean,
): Shown<typeof reply.NativeCalls> {
  return { calls: calls.map((one) => seenBy(userId, one)), more };
}

export function nativeCall(
  userId: UserId,
  of: CallRecord,
  ring: RingView | undefined,
): Shown<typeof reply.NativeCall> {
  return { call: seenBy(userId, of), ...(ring === undefined ? {} : { ring: ringOf(ring) }) };
}

export function nativeQualityTaken(quality: SideQuality): Shown<typeof reply.NativeQualityTaken> {
  return { quality: side(quality) };
}

export function adminCalls(calls: readonly CallRecord[], more: boolean): Shown<typeof reply.AdminCalls> {
  return { calls: calls.map(record), more };
}

export function adminCallRings(
  of: CallRecord,
  rings: readonly (RingView & { readonly user: PublicUser })[],
): Shown<typeof reply.AdminCallRings> {
  return {
    call: record(of),
    rings: rings.map(({ user: { id, username, name }, ...ring }) => ({
      user: { id, username, name },
      ...ringOf(ring),
    })),
  };
}

/** Figures over many calls, in the words of their schema already. */
export type CallFigures = Shown<typeof reply.AdminCallQuality>;

function ringOf({ outcome, explanation, devices }: RingView): RingView {
  return { outcome, explanation, devices };
}
