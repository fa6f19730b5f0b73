import type { CallState } from '@switchboard/domain';
import type { Delivery, UserId } from '@switchboard/protocol';
import { ringable, ringOf } from '../calls/ringable.ts';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import type { RungDevice } from '../ledger/ring-notes.ts';

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
  context: SignalingContext,
  state: CallState,
  among?: readonly UserId[],
): Promise<void> {
  if (state.call.phase !== 'ringing') return;
  const { router, presence, clock } = context;
  const ring = ringOf(state);
  const delivery = incomingDelivery(state);
  const callees = state.call.callees
    .map((user) => user.id)
    .filter((id) => state.callees[id] === 'ringing' && (among?.includes(id) ?? true));
  note(context, state, async () => {
    const now = clock.now();
    const devices = await Promise.all(callees.map((id) => presence.devicesOf(id, now)));
    return devices.flat().filter(({ dialect }) => ringable(dialect, ring));
  });
  await Promise.all(
    callees.map((id) => router.toUser(id, delivery, { only: (dialect) => ringable(dialect, ring) })),
  );
}

/** Rings one socket of this node, of somebody whom the call rings already, if it can take the call. */
export function ringLate(context: SignalingContext, session: Session, state: CallState): void {
  if (!ringable(session.dialect, ringOf(state))) return;
  session.deliver(incomingDelivery(state));
  const { deviceId, dialect, identity } = session;
  const device = { userId: identity.id, sessionId: identity.sessionId, deviceId, dialect };
  note(context, state, async () => [device]);
}

/** Off the path of whoever waits, and lost when the database is away: no ring waits for the ledger or is told again for its sake. */
function note(
  { calls, clock, ledger, logger }: SignalingContext,
  { call }: CallState,
  rung: () => Promise<readonly RungDevice[]>,
): void {
  const at = clock.now();
  calls.background.run(logger, 'a ring was not written to the ledger', call.id, async () =>
    ledger.rung(call.id, await rung(), at),
  );
}
