import {
  createManualClock,
  createMemoryBus,
  type ManualClock,
  type MemoryBus,
} from '@switchboard/engine-memory';
import type { ConsumerOptions } from '@switchboard/ports';
import {
  type BusEvent,
  type EventType,
  SessionId,
  SwitchboardError,
  UserId,
  unavailable,
} from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventFollower, followEvents } from './follow-events.ts';
import { newEvent } from './new-event.ts';

const userId = UserId.parse('7');
const user = {
  id: userId,
  username: 'user7',
  name: 'User 7',
  email: null,
  status: 'deleted',
  role: 'user',
  createdAt: '2026-01-01T00:00:00.000Z',
} as const;
const sessionId = SessionId.parse('0192f0c4-0000-7000-8000-000000000000');

let clock: ManualClock;
let bus: MemoryBus;
beforeEach(() => {
  clock = createManualClock();
  bus = createMemoryBus({ clock });
});
afterEach(() => bus.close());

const revoked = () => newEvent({ type: 'auth.session.revoked', userId, sessionId }, clock);
const deleted = () => newEvent({ type: 'auth.user.deleted', user }, clock);

/** Notes what it sees, then does as told. */
function follower<T extends EventType>(
  types: readonly T[],
  act: () => Promise<void> = async () => {},
): EventFollower<T> & { readonly seen: EventType[] } {
  const seen: EventType[] = [];
  return {
    types,
    seen,
    async handle(event) {
      seen.push(event.type);
      await act();
    },
  };
}

/** What the bus is asked for, and what it hears of an event. */
async function dispatch(followers: readonly EventFollower[]) {
  const asked: ConsumerOptions[] = [];
  let heard: (event: BusEvent) => Promise<void> = async () => {};
  await followEvents(
    {
      async consume(options, handler) {
        asked.push(options);
        heard = handler;
        return { async [Symbol.asyncDispose]() {} };
      },
    },
    { durable: 'both', maxDeliver: 20 },
    followers,
  );
  return { asked, hear: (event: BusEvent) => heard(event) };
}

const failing = (error: unknown) => follower(['auth.session.revoked'], () => Promise.reject(error));

describe('followers of events', () => {
  it('share one durable name for all that any of them follows', async () => {
    const one: EventFollower<'auth.session.revoked' | 'auth.user.deleted'> = follower([
      'auth.session.revoked',
      'auth.user.deleted',
    ]);
    const { asked } = await dispatch([one, follower(['auth.user.deleted', 'auth.user.banned'])]);
    expect(asked).toEqual([
      {
        durable: 'both',
        maxDeliver: 20,
        types: ['auth.session.revoked', 'auth.user.deleted', 'auth.user.banned'],
      },
    ]);
  });

  it('see their own types alone', async () => {
    const all = follower(['auth.session.revoked', 'auth.user.deleted']);
    const some = follower(['auth.user.deleted']);
    await using _following = await followEvents(bus, { durable: 'both' }, [all, some]);
    await bus.publish(revoked());
    await bus.publish(deleted());
    expect(all.seen).toEqual(['auth.session.revoked', 'auth.user.deleted']);
    expect(some.seen).toEqual(['auth.user.deleted']);
  });

  it('run side by side, and the event is done when the last of them is', async () => {
    const open: (() => void)[] = [];
    const slow = () =>
      follower(['auth.user.deleted'], () => new Promise<void>((resolve) => open.push(resolve)));
    const { hear } = await dispatch([slow(), slow()]);
    let done = false;
    const hearing = hear(deleted()).then(() => {
      done = true;
    });
    await clock.advance(0);
    expect(open).toHaveLength(2);
    open[0]?.();
    await clock.advance(0);
    expect(done).toBe(false);
    open[1]?.();
    await hearing;
  });

  it('do their part though another fails, until that one has done its own', async () => {
    let failures = 2;
    const good = follower(['auth.user.deleted']);
    const bad = follower(['auth.user.deleted'], async () => {
      if (failures-- > 0) throw new Error('no');
    });
    await using _following = await followEvents(bus, { durable: 'both' }, [bad, good]);
    const publishing = bus.publish(deleted());
    await clock.advance(0);
    expect(good.seen).toHaveLength(1);
    await clock.advance(500);
    await publishing;
    expect(bad.seen).toHaveLength(3);
    expect(bus.health().deadLetters).toBe(0);
  });

  it('do their part though another throws before it has anything to await', async () => {
    const good = follower(['auth.session.revoked']);
    const rash: EventFollower = {
      types: ['auth.session.revoked'],
      handle() {
        throw new Error('at once');
      },
    };
    const { hear } = await dispatch([rash, good]);
    await expect(hear(revoked())).rejects.toThrow('at once');
    expect(good.seen).toHaveLength(1);
  });

  it('fail as the one that failed does, and as all of them if there are several', async () => {
    const [one, other] = [new Error('one'), new Error('other')];
    const alone = await dispatch([follower(['auth.session.revoked']), failing(one)]);
    await expect(alone.hear(revoked())).rejects.toBe(one);
    const both = await dispatch([failing(one), failing(other)]);
    await expect(both.hear(revoked())).rejects.toMatchObject({ errors: [one, other] });
  });

  it('wait as long as one of them waits, whatever befell the others', async () => {
    const away = unavailable('The database');
    const final = new SwitchboardError({ code: 'INVALID_DATA', message: 'No' });
    for (const error of [new Error('no'), final]) {
      for (const followers of [
        [failing(error), failing(away)],
        [failing(away), failing(error)],
      ]) {
        const { hear } = await dispatch(followers);
        await expect(hear(revoked())).rejects.toBe(away);
      }
    }
  });

  it('hear nothing any more once disposed', async () => {
    const one = follower(['auth.session.revoked']);
    const following = await followEvents(bus, { durable: 'both' }, [one]);
    await following[Symbol.asyncDispose]();
    await expect(bus.publish(revoked())).rejects.toMatchObject({ retryable: true });
    expect(one.seen).toEqual([]);
  });
});
