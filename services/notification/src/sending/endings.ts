import type { Clock } from '@switchboard/ports';
import type { StoredDevice } from '../devices/device-store.ts';
import type { PushDoc } from '../store/push-model.ts';
import type { Ending } from '../store/record-update.ts';
import { backOffMs } from './back-off.ts';
import type { Lane } from './lane.ts';
import type { Outcome } from './outcome.ts';
import { pushedEvent } from './pushed-event.ts';
import type { Ended } from './recorder.ts';

type Final = Exclude<Ending, { readonly step: 'retry' | 'parked' }>;

/** What is to be written down after a push was tried. */
export function endingOf(
  slot: PushDoc,
  device: StoredDevice,
  outcome: Outcome,
  lane: Lane,
  clock: Clock,
): Ended {
  const ending = judged(slot, outcome, lane, clock.now());
  if (ending.step === 'retry' || ending.step === 'parked') return unfinished(slot, ending, lane.key, clock);
  const ended = { ...facts(slot, ending, clock), lane: lane.key };
  if (outcome.step !== 'sent' || outcome.ticketId === undefined) return ended;
  return {
    ...ended,
    receipt: {
      ticketId: outcome.ticketId,
      deviceId: device.id,
      kind: slot.kind,
      sessionId: slot.sessionId,
      userId: slot.userId,
      content: slot.content,
    },
  };
}

/** For what turned out not to be worth sending. */
export function endedBeforeSending(slot: PushDoc, ending: Final, clock: Clock): Ended {
  return facts(slot, ending, clock);
}

/** Back to where it was. */
export function parked(slot: PushDoc, lane: string | undefined, at: number, clock: Clock): Ended {
  return unfinished(slot, { step: 'parked', at }, lane, clock);
}

/** What was tried and came to nothing failed for the reason that it failed last. */
export function expired({ attempts, error }: PushDoc): Final {
  return attempts > 0
    ? { step: 'failed', detail: error ?? 'expired' }
    : { step: 'dropped', detail: 'expired' };
}

function judged(slot: PushDoc, outcome: Outcome, lane: Lane, now: number): Ending {
  if (outcome.step === 'sent') return { step: 'sent' };
  if (outcome.step === 'failed') return { step: 'failed', detail: outcome.detail };
  const { detail, uncertain } = outcome;
  const pause = Math.max(backOffMs(slot.queue, slot.attempts + 1), outcome.afterMs ?? 0);
  const at = outcome.lane && lane.open(now) ? Math.max(lane.openUntil, now + pause) : now + pause;
  // A push that would come too late is over now; one that comes meanwhile is not.
  return at < slot.expiresAt.getTime()
    ? { step: 'retry', at, detail, uncertain }
    : { step: 'failed', detail };
}

function facts(slot: PushDoc, ending: Final, clock: Clock): Ended {
  const detail = 'detail' in ending ? ending.detail : undefined;
  const event = pushedEvent(slot, slot.content, ending.step, detail, clock);
  return { ...base(slot, ending, slot.lane, clock), events: event ? [event] : [] };
}

function unfinished(slot: PushDoc, ending: Ending, lane: string | undefined, clock: Clock): Ended {
  return base(slot, ending, lane, clock);
}

function base(slot: PushDoc, ending: Ending, lane: string | undefined, clock: Clock): Ended {
  const moot = pushedEvent(slot, slot.content, 'dropped', 'not_shown', clock);
  return {
    _id: slot._id,
    lease: slot.lease ?? '',
    rev: slot.rev,
    kind: slot.kind,
    content: slot.content.type,
    ending,
    events: [],
    ...(lane === undefined ? {} : { lane }),
    ...(moot ? { moot } : {}),
  };
}
