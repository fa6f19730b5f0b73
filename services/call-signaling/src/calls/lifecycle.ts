import type { BusEvent } from '@switchboard/protocol';
import { collect, every } from '@switchboard/service-kit';
import type { SignalingContext } from '../context.ts';
import { ringLate } from '../deliver/ring.ts';
import type { Session } from '../edge/session.ts';
import { waitFromNow } from './await-seat.ts';
import type { CallLifecycle } from './call-lifecycle.ts';
import { claimedCall } from './claims.ts';
import { renewLeases } from './leases.ts';
import { load } from './load.ts';
import { heed, refresh } from './news.ts';
import { seatOf } from './parties.ts';
import { BEAT_MS, beat } from './pulse.ts';
import { returnDevice } from './return-device.ts';
import { canJoin } from './ringable.ts';
import { unseat } from './seat.ts';
import { SWEEP_MS, sweep } from './sweep.ts';
import { transition } from './transition.ts';
import { settleUnsure } from './unsure-seats.ts';
import { wake } from './wake.ts';
import { watchSeats } from './watch-seats.ts';

/**
 * Everything in the life of calls that no client asks for: time, lost and new sockets, closed accounts, what other nodes changed. While `mayAct` says no,
 * what comes from time alone is left to other nodes.
 */
export async function createCallLifecycle(
  context: SignalingContext,
  mayAct: () => boolean = () => true,
): Promise<CallLifecycle> {
  const { bus, clock, calls, timings, logger } = context;
  const failed = (err: unknown) => logger.error({ err }, 'a call chore failed');
  calls.timers.onDue((callId) => {
    // Stands in the store, too, where a sweep finds it.
    if (!mayAct()) return;
    calls.background.run(logger, 'a call deadline could not be kept', callId, () => wake(context, callId));
  });
  const running = await collect(async (owner) => {
    owner.own(await bus.listen((notice) => heed(context, notice), context.nodeId));
    owner.own(
      await bus.consume(
        { durable: 'call-closed-accounts', types: ['auth.user.banned', 'auth.user.deleted'] },
        (event) => closeAccount(context, event),
      ),
    );
    owner.own(every(SWEEP_MS, clock, async () => (mayAct() ? sweep(context) : undefined), failed));
    owner.own(
      every(
        timings.leaseMs / 3,
        clock,
        async () => {
          calls.waiting.prune(clock.now());
          for (const callId of calls.waiting.calls()) refresh(context, callId);
          await renewLeases(context);
        },
        failed,
      ),
    );
    const beatNow = async (): Promise<void> => {
      const emptied = await beat(context);
      // What the store has lost, it is given again without waiting for the next renewal.
      if (emptied) renewLeases(context).catch(failed);
    };
    // Whether the store is there, the fence tells.
    const missed = (err: unknown) => logger.debug({ err }, 'this node could not say that it lives');
    beatNow().catch(missed);
    owner.own(every(BEAT_MS, clock, beatNow, missed));
    owner.own(every(BEAT_MS, clock, () => watchSeats(context), failed));
    owner.own(every(BEAT_MS, clock, () => settleUnsure(context), failed));
  });

  return {
    async deviceArrived(session) {
      const first = calls.arrivals.begin(session);
      try {
        if (first) await arrive(context, session);
        else declared(context, session);
      } catch (err) {
        logger.warn({ err, userId: session.identity.id }, 'a new device was not told of its call');
      } finally {
        if (first) calls.arrivals.end(session);
      }
    },
    async deviceLost(session) {
      calls.departed.add(session);
      calls.waiting.removeNewcomer(session);
      calls.arrivals.end(session);
      unseat(context, session);
    },
    renew() {
      renewLeases(context).catch(failed);
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
  const userId = session.identity.id;
  const wait = waitFromNow(context);
  calls.waiting.addNewcomer(session, wait);
  const callId = (await claimedCall(context, userId))?.call.id;
  if (callId === undefined) return;
  calls.waiting.removeNewcomer(session);
  await calls.changes.run(callId, async () => {
    const live = (await load(context, callId))?.live;
    if (!live || calls.departed.has(session)) return;
    const { state, outbox } = live;
    const seat = seatOf(state, userId);
    if (seat) {
      const returned = !context.isCut?.() && (await returnDevice(context, session, state));
      if (!returned) calls.waiting.add(callId, session, wait);
    } else if (state.callees[userId] === 'ringing' && state.call.phase === 'ringing') {
      // A ring that is not known to be told finds every socket that was there before its call; one that came later is rather rung twice than not at all.
      const untold = outbox.some((event) => event.type === 'call.ringing');
      if (!untold || Date.parse(state.call.createdAt) < wait.since) ringLate(context, session, state);
    }
  });
}

/**
 * The socket has named its dialect. As an undeclared one it was rung in every vocabulary, so there is nothing to repeat; but a seat that it took on trust
 * in another dialect is not for it as it is: it may take it again, in the dialect that it has.
 */
function declared(context: SignalingContext, session: Session): void {
  const hosted = context.calls.hosted.seatOf(session.deviceId);
  const seat = hosted && seatOf(hosted.live.state, session.identity.id);
  if (seat?.device.deviceId === session.deviceId && seat.device.dialect !== session.dialect) {
    unseat(context, session);
    if (!hosted || !canJoin(session.dialect, hosted.live.state.call.media)) return;
    context.calls.waiting.add(hosted.live.state.call.id, session, waitFromNow(context));
  }
}

/** A banned or deleted user leaves whatever call they are in. */
async function closeAccount(context: SignalingContext, event: BusEvent): Promise<void> {
  if (event.type !== 'auth.user.banned' && event.type !== 'auth.user.deleted') return;
  const userId = event.user.id;
  const callId = (await claimedCall(context, userId))?.call.id;
  if (callId !== undefined) await transition(context, callId, { type: 'end', userId, cause: 'banned' });
}
