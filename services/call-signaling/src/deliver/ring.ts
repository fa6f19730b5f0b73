import type { CallState } from '@switchboard/domain';
import type { Delivery, UserId } from '@switchboard/protocol';
import { ringable, ringOf } from '../calls/ringable.ts';
import type { SignalingContext } from '../context.ts';

export function incomingDelivery({ call, offer, ringUntil }: CallState): Delivery {
  return {
    type: 'call.incoming',
    call,
    ...(offer === undefined ? {} : { offer }),
    expiresAt: new Date(ringUntil).toISOString(),
  };
}

/** Rings every device, of everybody still ringing, that can take the call. */
export async function ringRung(
  { router }: SignalingContext,
  state: CallState,
  among?: readonly UserId[],
): Promise<void> {
  if (state.call.phase !== 'ringing') return;
  const ring = ringOf(state);
  const delivery = incomingDelivery(state);
  const callees = state.call.callees
    .map((user) => user.id)
    .filter((id) => state.callees[id] === 'ringing' && (among?.includes(id) ?? true));
  await Promise.all(
    callees.map((id) => router.toUser(id, delivery, { only: (dialect) => ringable(dialect, ring) })),
  );
}
