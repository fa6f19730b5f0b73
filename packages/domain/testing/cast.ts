import { type CallDevice, CallId, DeviceId, type PublicUser, UserId } from '@switchboard/protocol';
import type { CallCommand, CallState, CallTimings, Decision } from '../src/index.ts';

/** Distinct lengths, so that a test tells by the time alone which deadline acted. */
export const TIMINGS: CallTimings = { ringMs: 30_000, graceMs: 15_000, leaseMs: 20_000 };
export const START = Date.UTC(2030, 0, 1);
export const CALL_ID = CallId.parse('00000000-0000-4000-8000-00000000ca11');

export interface Actor {
  readonly user: PublicUser;
  readonly device: CallDevice;
}

export function user(id: number): PublicUser {
  return { id: UserId.parse(String(id)), username: `user${id}`, name: `User ${id}` };
}

/** The `n`th device of user `id`. */
export function device(id: number, n = 1): CallDevice {
  const text = `00000000-0000-4000-8000-${String(id).padStart(6, '0')}${String(n).padStart(6, '0')}`;
  return { deviceId: DeviceId.parse(text), dialect: 'native' };
}

/** Everybody who can act on a call from 1 to 2 (and, where several are rung, to 3). */
export const CAST = {
  caller: { user: user(1), device: device(1) },
  'caller-2': { user: user(1), device: device(1, 2) },
  callee: { user: user(2), device: device(2) },
  'callee-2': { user: user(2), device: device(2, 2) },
  second: { user: user(3), device: device(3) },
  stranger: { user: user(9), device: device(9) },
} as const satisfies Record<string, Actor>;
export type Role = keyof typeof CAST;

export type CommandOf<T extends CallCommand['type']> = Extract<CallCommand, { type: T }>;

/** A call by `actor` to everybody in `callees`, all of them reachable unless said otherwise. */
export function place(
  actor: Actor,
  callees: readonly PublicUser[],
  more: Partial<Omit<CommandOf<'place'>, 'type' | 'call'>> & { readonly id?: CallId } = {},
): CommandOf<'place'> {
  const { id = CALL_ID, ...rest } = more;
  return {
    type: 'place',
    call: {
      id,
      kind: 'voice',
      media: 'p2p',
      phase: 'ringing',
      caller: actor.user,
      callerDevice: actor.device,
      callees: [...callees],
      createdAt: new Date(START).toISOString(),
    },
    negotiation: 'offer-first',
    reachable: callees.map((callee) => callee.id),
    busy: [],
    ...rest,
  };
}

export const answer = ({ user: { id }, device: by }: Actor): CommandOf<'answer'> => ({
  type: 'answer',
  userId: id,
  device: by,
});
export const reject = (
  { user: { id }, device: by }: Actor,
  reason: 'rejected' | 'busy' = 'rejected',
): CommandOf<'reject'> => ({ type: 'reject', userId: id, device: by, reason });
export const end = ({ user: { id }, device: by }: Actor): CommandOf<'end'> => ({
  type: 'end',
  userId: id,
  device: by,
});
export const ban = ({ user: { id } }: Actor): CommandOf<'end'> => ({
  type: 'end',
  userId: id,
  cause: 'banned',
});
export const lost = ({ user: { id }, device: of }: Actor): CommandOf<'device-lost'> => ({
  type: 'device-lost',
  userId: id,
  deviceId: of.deviceId,
});
/** Its node is not heard of. */
export const presumedLost = (of: Actor): CommandOf<'device-lost'> => ({ ...lost(of), presumed: true });
export const returned = ({ user: { id }, device: by }: Actor): CommandOf<'device-returned'> => ({
  type: 'device-returned',
  userId: id,
  device: by,
});
/** `from`: the device seen in the seat; without it, the user's first. */
export const take = (
  { user: { id }, device: by }: Actor,
  from = device(Number(id)).deviceId,
): CommandOf<'take'> => ({ type: 'take', userId: id, device: by, from });
export const holdCandidate = (
  { user: { id }, device: of }: Actor,
  candidate: unknown = { candidate: 'candidate:1' },
): CommandOf<'hold-candidate'> => ({
  type: 'hold-candidate',
  userId: id,
  deviceId: of.deviceId,
  candidate,
});
export const holdOffer = (
  { user: { id }, device: of }: Actor,
  offer: unknown = { type: 'offer', sdp: 'renewed' },
): CommandOf<'hold-offer'> => ({ type: 'hold-offer', userId: id, deviceId: of.deviceId, offer });
export const renew = (...actors: readonly Actor[]): CommandOf<'renew'> => ({
  type: 'renew',
  deviceIds: actors.map((actor) => actor.device.deviceId),
});
export const tick: CommandOf<'tick'> = { type: 'tick' };

/** The state of a decision that must have gone through. */
export function stateOf(decision: Decision): CallState {
  if (!decision.ok) throw new Error(`refused: ${decision.refusal}`);
  return decision.state;
}

export function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
