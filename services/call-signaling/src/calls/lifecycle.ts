import type { BusEvent, CallId, Notice } from '@switchboard/protocol';
import { CallId as CallIdSchema } from '@switchboard/protocol';
import { Belongings } from '../belongings.ts';
import type { SignalingContext } from '../context.ts';
import { incomingDelivery } from '../deliver/ring.ts';
import type { Session } from '../edge/session.ts';
import { every } from '../every.ts';
import type { CallLifecycle } from './call-lifecycle.ts';
import { claimedCall } from './claims.ts';
import { renewLeases } from './leases.ts';
import { seatOf } from './parties.ts';
import { remember } from './remember.ts';
import { returnDevice } from './return-device.ts';
import { ringable, ringOf } from './ringable.ts';
import { unseat } from './seat.ts';
import { SWEEP_MS, sweep } from './sweep.ts';
import { load, transition } from './transition.ts';

/** Everything in the life of calls that no client asks for: time, lost and new sockets, closed accounts, what other nodes changed. */
export async function createCallLifecycle(context: SignalingContext): Promise<CallLifecycle> {
  const { bus, clock, calls, timings, logger } = context;
  const failed = (err: unknown) => logger.error({ err }, 'a call chore failed');
  const running = await Belongings.collect(async (own) => {
    own.add(await bus.listen((notice) => heed(context, notice)));
    own.add(
      await bus.consume(
        { durable: 'call-closed-accounts', types: ['auth.user.banned', 'auth.user.deleted'] },
        (event) => closeAccount(context, event),
      ),
    );
    own.add(every(SWEEP_MS, clock, () => sweep(context), failed));
    own.add(every(timings.leaseMs / 3, clock, () => renewLeases(context), failed));
  });

  return {
    async deviceArrived(session) {
      try {
        await arrive(context, session);
      } catch (err) {
        logger.warn({ err, userId: session.identity.id }, 'a new device was not told of its call');
      }
    },
    async deviceLost(session) {
      calls.departed.add(session);
      unseat(context, session);
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      calls.timers.clearAll();
      await calls.background.idle();
      calls.timers.clearAll();
    },
  };
}

async function arrive(context: SignalingContext, session: Session): Promise<void> {
  const { calls } = context;
  if (calls.known.has(session)) {
    declared(context, session);
    return;
  }
  calls.known.add(session);
  const userId = session.identity.id;
  const callId = (await claimedCall(context, userId))?.call.id;
  if (callId === undefined) return;
  await calls.changes.run(callId, async () => {
    const live = (await load(context, callId))?.live;
    if (!live || calls.departed.has(session)) return;
    const { state, outbox } = live;
    if (seatOf(state, userId)) {
      await returnDevice(context, session, state);
    } else if (state.callees[userId] === 'ringing' && state.call.phase === 'ringing') {
      // Not yet published, the ring is still on its way and will find this socket, too.
      const onItsWay = outbox.some((event) => event.type === 'call.ringing');
      if (!onItsWay && ringable(session.dialect, ringOf(state))) session.deliver(incomingDelivery(state));
    }
  });
}

/**
 * The socket has named its dialect. As an undeclared one it was rung in every vocabulary, so there is nothing to repeat; but a seat that it took on trust
 * in another dialect is not for it.
 */
function declared(context: SignalingContext, session: Session): void {
  const hosted = context.calls.hosted.seatOf(session.deviceId);
  const seat = hosted && seatOf(hosted.live.state, session.identity.id);
  if (seat?.device.deviceId === session.deviceId && seat.device.dialect !== session.dialect) {
    unseat(context, session);
  }
}

/** Another node changed a call: whatever is hosted here is read anew. A notice that is lost is made up for by the next lease. */
function heed(context: SignalingContext, notice: Notice): void {
  if (notice.type !== 'call.changed') return;
  const parsed = CallIdSchema.safeParse(notice.callId);
  const hosted = parsed.success ? context.calls.hosted.get(parsed.data) : undefined;
  if (!parsed.success || !hosted) return;
  hosted.fresh = false;
  refresh(context, parsed.data);
}

function refresh(context: SignalingContext, callId: CallId): void {
  const { calls, logger } = context;
  calls.background.run(logger, 'a changed call could not be read', callId, () =>
    calls.changes.run(callId, async () => {
      const stored = await load(context, callId);
      if (stored) remember(context, stored.live);
    }),
  );
}

/** A banned or deleted user leaves whatever call they are in. */
async function closeAccount(context: SignalingContext, event: BusEvent): Promise<void> {
  if (event.type !== 'auth.user.banned' && event.type !== 'auth.user.deleted') return;
  const userId = event.user.id;
  const callId = (await claimedCall(context, userId))?.call.id;
  if (callId !== undefined) await transition(context, callId, { type: 'end', userId, cause: 'banned' });
}
