import type { CallState } from '@switchboard/domain';
import type { Call, CallDevice, CallEvent, Delivery, EventOf, UserId } from '@switchboard/protocol';
import { answeredDelivery } from '../calls/answered.ts';
import { endedDelivery, hangupDelivery, ringEndedDelivery } from '../calls/ended.ts';
import type { LiveCall } from '../calls/live-call.ts';
import { opposite, partyOf } from '../calls/parties.ts';
import { pause } from '../calls/pause.ts';
import { canJoin, ringable, ringOf } from '../calls/ringable.ts';
import type { SignalingContext } from '../context.ts';
import { deliverMoved } from '../handoff/took-over.ts';
import { ringRung } from './ring.ts';

/**
 * Tells the sockets concerned what became of a call. May come twice, late, or after a later event's state: what is no longer true is
 * not told. Descriptions come from the live call, never from the event.
 */
export async function deliverCallEvent(event: CallEvent, context: SignalingContext): Promise<void> {
  const live = (await context.liveCalls.get(event.call.id))?.state;
  switch (event.type) {
    case 'call.ringing':
      return ringing(event, live, context);
    case 'call.answered':
      return answered(event, live, context);
    case 'call.declined':
      return declined(event, live, context);
    case 'call.resumed':
      return peer(event, live, context, { state: 'back' });
    case 'call.interrupted':
      return peer(event, live, context, { state: 'away', graceUntil: event.graceUntil });
    case 'call.moved':
      return deliverMoved(event, live, context);
    case 'call.ended':
      return event.from === 'active' ? hungUp(event, live, context) : stoppedRinging(event, live, context);
  }
}

async function ringing(
  { call, reachable }: EventOf<'call.ringing'>,
  live: LiveCall | undefined,
  context: SignalingContext,
): Promise<void> {
  if (live?.state.call.phase !== 'ringing') return;
  context.router.toDevice(call.caller.id, callerDevice(call, live), { type: 'call.placed', call });
  await ringRung(context, live.state, reachable);
}

async function answered(
  { call, by, device }: EventOf<'call.answered'>,
  live: LiveCall | undefined,
  context: SignalingContext,
): Promise<void> {
  const { router, liveCalls, clock } = context;
  let told = live;
  while (typeof told?.callerTold === 'number' && clock.now() < told.callerTold) {
    await pause(clock, 10);
    told = (await liveCalls.get(call.id))?.state;
  }
  const delivery = told && answeredDelivery(told.state);
  if (told && delivery && told.callerTold !== true && told.callerTold !== 'confirmed') {
    router.toDevice(call.caller.id, callerDevice(call, told), delivery);
  }
  router.toDevice(by, device, { type: 'call.responded', call, response: 'accept' });
  const ended = endedDelivery(call, 'answered_elsewhere', by);
  // Told late, it must not reach the device that has taken the seat since; the one that answered hears by itself that it lost it.
  const seated = told?.state.answerSeat?.device ?? device;
  await stopRinging(context, { call, live }, rungUsers(call, live), ended, { [by]: [device, seated] });
}

async function declined(
  { call, by, device, reason }: EventOf<'call.declined'>,
  live: LiveCall | undefined,
  context: SignalingContext,
): Promise<void> {
  responded(context, call, by, device, reason);
  await stopRinging(context, { call, live }, [by], endedDelivery(call, 'rejected_elsewhere', by), {
    ...(device ? { [by]: [device] } : {}),
  });
}

async function peer(
  { call, by }: EventOf<'call.resumed' | 'call.interrupted'>,
  live: LiveCall | undefined,
  { router }: SignalingContext,
  news: ({ state: 'away' } & { graceUntil: string }) | { state: 'back' },
): Promise<void> {
  const party = partyOf(call, by);
  const other = live && opposite(live.state, by);
  if (party && other)
    router.toDevice(other.userId, other.seat.device, { type: 'call.peer', call, by: party, ...news });
}

/** Over for the two devices in it; everybody else heard so when it was answered. */
async function hungUp(
  event: EventOf<'call.ended'>,
  live: LiveCall | undefined,
  context: SignalingContext,
): Promise<void> {
  const { call, reason, by } = event;
  const { router } = context;
  const ended = hangupDelivery(call, reason, by);
  const caller = callerDevice(call, live);
  router.toDevice(call.caller.id, caller, ended);
  if (call.answeredBy && call.answerDevice) router.toDevice(call.answeredBy, call.answerDevice, ended);
  tellEnder(context, event, ended, [caller, call.answerDevice]);
}

/** Whose seat is away may end the call from any device; `call:ended` goes to both sides, and that one is now theirs. */
function tellEnder(
  { router }: SignalingContext,
  { by, device }: EventOf<'call.ended'>,
  ended: Delivery,
  told: readonly (CallDevice | undefined)[],
): void {
  if (by === undefined || device === undefined) return;
  if (told.every((one) => one?.deviceId !== device.deviceId)) router.toDevice(by, device, ended);
}

async function stoppedRinging(
  event: EventOf<'call.ended'>,
  live: LiveCall | undefined,
  context: SignalingContext,
): Promise<void> {
  const { call, reason, by, device } = event;
  const { router } = context;
  const rung = rungUsers(call, live);
  const caller = callerDevice(call, live);
  const toCaller = ringEndedDelivery(call, reason, by);
  if (toCaller) router.toDevice(call.caller.id, caller, toCaller);
  switch (reason) {
    case 'rejected':
    case 'busy': {
      // Nobody said so: it never rang, and the caller was told in the reply to their place.
      if (!toCaller || by === undefined) return;
      responded(context, call, by, device, reason);
      const ended = endedDelivery(call, 'rejected_elsewhere', by);
      return stopRinging(context, { call, live }, [by], ended, device ? { [by]: [device] } : {});
    }
    case 'missed':
      return stopRinging(context, { call, live }, rung, endedDelivery(call, 'timeout', undefined));
    case 'unavailable':
      return;
    case 'banned':
      return stopRinging(context, { call, live }, rung, endedDelivery(call, 'cancelled', by));
    case 'cancelled':
    case 'hangup':
    case 'network_error': {
      const ended = endedDelivery(call, reason, by);
      tellEnder(context, event, ended, [caller]);
      return stopRinging(context, { call, live }, rung, ended);
    }
  }
}

/** To the device whose word it was. */
function responded(
  { router }: SignalingContext,
  call: Call,
  by: UserId,
  device: CallDevice | undefined,
  reason: 'rejected' | 'busy' | 'unavailable',
): void {
  if (!device || reason === 'unavailable') return;
  const response = reason === 'busy' ? 'busy' : 'reject';
  router.toDevice(by, device, { type: 'call.responded', call, response });
}

interface Rung {
  readonly call: Call;
  readonly live: LiveCall | undefined;
}

/** What cannot have rung needs not fall silent. An offer is gone with the end of its call; then the way of negotiating says whether there was one. */
function wasRung(dialect: CallDevice['dialect'], call: Call, live: LiveCall | undefined): boolean {
  if (!live) return canJoin(dialect, call.media);
  const ring = ringOf(live.state);
  return ringable(dialect, { ...ring, hasOffer: ring.hasOffer || ring.negotiation === 'offer-first' });
}

/** Every rung device of these users falls silent, but for those of theirs that know already. */
async function stopRinging(
  { router }: SignalingContext,
  { call, live }: Rung,
  userIds: readonly UserId[],
  delivery: Delivery,
  except: Readonly<Record<UserId, readonly CallDevice[]>> = {},
): Promise<void> {
  const only = (dialect: CallDevice['dialect']) => wasRung(dialect, call, live);
  await Promise.all(
    userIds.map((userId) => {
      const knows = except[userId]?.map(({ deviceId }) => deviceId) ?? [];
      return router.toUser(userId, delivery, { only, except: knows });
    }),
  );
}

/** Callees whose devices were ringing up to now: not those found busy or out of reach, nor those who had said no before. */
function rungUsers(call: Call, live: LiveCall | undefined): UserId[] {
  const silent: readonly (CallState['callees'][UserId] | undefined)[] = ['busy', 'unavailable', 'rejected'];
  return call.callees.map((user) => user.id).filter((id) => !silent.includes(live?.state.callees[id]));
}

/** Where the caller sits by now, which may be another device than the event knew. */
function callerDevice(call: Call, live: LiveCall | undefined): CallDevice {
  return live?.state.callerSeat.device ?? call.callerDevice;
}
