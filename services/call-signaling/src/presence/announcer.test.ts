import { createManualClock } from '@switchboard/engine-memory';
import { UserId } from '@switchboard/protocol';
import { createLogger, type UserDirectory } from '@switchboard/service-kit';
import { describe, expect, it } from 'vitest';
import { createAnnouncer } from './announcer.ts';

const named = (id: string) => ({ id: UserId.parse(id), username: `u${id}`, name: `U${id}` });
const directory = {
  many: async (ids: Iterable<UserId>) => new Map([...ids].map((id) => [id, named(id)])),
} as unknown as UserDirectory;

function announcing() {
  const clock = createManualClock();
  const told: string[] = [];
  const state = { online: [named('1')], away: false };
  const announcer = createAnnouncer({
    coalesceMs: 100,
    clock,
    logger: createLogger({ level: 'silent', service: 'test', nodeId: 'test' }),
    directory,
    online: async () => {
      if (state.away) throw new Error('away');
      return state.online;
    },
    audience: {
      visibleTo: async (_user, online) => [...online],
      announce: async ({ joined, left }) => {
        const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id).join();
        told.push(`+${ids(joined)} -${ids(left)}`);
      },
    },
  });
  return { announcer, clock, told, state };
}

describe('the announcer', () => {
  it('drops what is no longer true when it is told', async () => {
    const { announcer, clock, told } = announcing();
    // Gone here, and back on another node; come here, and gone there.
    announcer.note({ userId: UserId.parse('1'), online: false });
    announcer.note({ userId: UserId.parse('2'), online: true });
    announcer.note({ userId: UserId.parse('3'), online: false });
    await clock.advance(100);
    expect(told).toEqual(['+ -3']);
  });

  it('keeps changes, folded, while it cannot tell them', async () => {
    const { announcer, clock, told, state } = announcing();
    state.away = true;
    announcer.note({ userId: UserId.parse('1'), online: true });
    announcer.note({ userId: UserId.parse('3'), online: false });
    await clock.advance(350);
    announcer.note({ userId: UserId.parse('3'), online: true });
    await clock.advance(350);
    expect(told).toEqual([]);
    state.away = false;
    await clock.advance(100);
    expect(told).toEqual(['+1 -']);
  });

  it('is silent about what is undone before anybody saw it', async () => {
    const { announcer, clock, told } = announcing();
    for (const online of [false, true]) announcer.note({ userId: UserId.parse('1'), online });
    for (const online of [true, false]) announcer.note({ userId: UserId.parse('3'), online });
    await clock.advance(100);
    expect(told).toEqual([]);
  });

  it('takes back what a newcomer was shown in between', async () => {
    const { announcer, clock, told } = announcing();
    announcer.note({ userId: UserId.parse('1'), online: false });
    announcer.note({ userId: UserId.parse('3'), online: true });
    announcer.showing()[Symbol.dispose]();
    announcer.note({ userId: UserId.parse('1'), online: true });
    announcer.note({ userId: UserId.parse('3'), online: false });
    await clock.advance(100);
    expect(told).toEqual(['+1 -3']);
    // The next window begins with a clean slate.
    for (const online of [true, false]) announcer.note({ userId: UserId.parse('3'), online });
    await clock.advance(100);
    expect(told).toHaveLength(1);
  });

  it('takes back what came and went while a newcomer was being shown', async () => {
    const { announcer, clock, told, state } = announcing();
    state.away = true;
    {
      using _ = announcer.showing();
      for (const online of [true, false]) announcer.note({ userId: UserId.parse('3'), online });
    }
    await clock.advance(150);
    state.away = false;
    await clock.advance(100);
    expect(told).toEqual(['+ -3']);
  });

  it('tells what is left on the way down', async () => {
    const { announcer, told } = announcing();
    announcer.note({ userId: UserId.parse('3'), online: false });
    await announcer[Symbol.asyncDispose]();
    expect(told).toEqual(['+ -3']);
  });
});
