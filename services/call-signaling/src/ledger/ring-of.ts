import type { RingView } from '@switchboard/dialects';
import { type Call, type CallEndReason, PushStep, SessionId, type UserId } from '@switchboard/protocol';
import { explain } from './explain.ts';
import type { RingDoc } from './ring-model.ts';

type RingDevice = RingView['devices'][number];
type Outcome = RingView['outcome'];

const CONTENTS = ['incoming', 'cancelled', 'missed'] as const;

/** What became of a call's ring for one of its callees, from the call and the ledger's entries. Those of others among the entries are left out. */
export function ringOf(call: Call, userId: UserId, entries: readonly RingDoc[]): RingView {
  const mine = entries.filter((entry) => entry.userId === userId);
  const user = mine.find(({ target }) => target === 'user');
  const outcome = outcomeOf(call, userId, user);
  const devices = mine
    .filter(({ target }) => target !== 'user')
    .map((entry) => deviceOf(entry, call, outcome, user))
    .sort((a, b) => (a.rungAt ?? '~').localeCompare(b.rungAt ?? '~'));
  return { outcome, explanation: explain(call, outcome, devices), devices };
}

function outcomeOf(call: Call, userId: UserId, user: RingDoc | undefined): Outcome {
  if (call.answeredBy === userId) return 'answered';
  if (user?.unreached) return user.unreached;
  // Of a callee by then ringing it says that the account was closed.
  if (user?.declinedAs) return user.declinedAs === 'unavailable' ? 'banned' : user.declinedAs;
  if (call.answeredAt !== undefined) return 'answered_elsewhere';
  return call.endReason === undefined ? 'ringing' : withoutAnswer(call.endReason);
}

/** Of a callee of whom nothing else is known. */
function withoutAnswer(reason: CallEndReason): Outcome {
  return reason === 'hangup' ? 'cancelled' : reason;
}

function deviceOf(entry: RingDoc, call: Call, outcome: Outcome, user: RingDoc | undefined): RingDevice {
  const { target, deviceId, sessionId, dialect, rungAt, acknowledgedAt, answeredAt, declinedAt } = entry;
  const ended = rungAt && !answeredAt && !declinedAt ? cancelled(call, outcome, user) : undefined;
  return {
    id: deviceId ?? entry._id,
    target: target === 'user' ? 'socket' : target,
    ...(dialect === undefined ? {} : { dialect }),
    ...(sessionId === undefined ? {} : { sessionId: SessionId.parse(sessionId) }),
    ...time('rungAt', rungAt),
    ...time('acknowledgedAt', acknowledgedAt),
    ...time('answeredAt', answeredAt),
    ...time('declinedAt', declinedAt),
    ...(ended ?? {}),
    pushes: pushesOf(entry),
  };
}

function time<F extends string>(field: F, at: Date | undefined): { [K in F]?: string } {
  return (at === undefined ? {} : { [field]: at.toISOString() }) as { [K in F]?: string };
}

/** When and why a ring ended on a device that did nothing itself; undefined while it goes on. */
function cancelled(
  call: Call,
  outcome: Outcome,
  user: RingDoc | undefined,
): Pick<RingDevice, 'cancelledAt' | 'cancelReason'> | undefined {
  if (user?.declinedAt)
    return { ...time('cancelledAt', user.declinedAt), cancelReason: 'rejected_elsewhere' };
  if (outcome === 'answered' || outcome === 'answered_elsewhere') {
    return {
      ...(call.answeredAt === undefined ? {} : { cancelledAt: call.answeredAt }),
      cancelReason: 'answered_elsewhere',
    };
  }
  if (call.endedAt === undefined) return undefined;
  const { endedAt: cancelledAt } = call;
  switch (outcome) {
    case 'missed':
      return { cancelledAt, cancelReason: 'timeout' };
    case 'cancelled':
    case 'network_error':
      return { cancelledAt, cancelReason: outcome };
    default:
      return { cancelledAt, cancelReason: 'ended' };
  }
}

function pushesOf({ pushes = {} }: RingDoc): RingDevice['pushes'] {
  return CONTENTS.flatMap((content) =>
    PushStep.options.flatMap((step) => {
      const noted = pushes[content]?.[step];
      if (!noted) return [];
      const { at, detail } = noted;
      return {
        content: `call.${content}` as const,
        step,
        at: at.toISOString(),
        ...(detail === undefined ? {} : { detail }),
      };
    }),
  ).sort((a, b) => a.at.localeCompare(b.at));
}
