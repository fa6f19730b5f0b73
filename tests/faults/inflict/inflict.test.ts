import { expect, it } from 'vitest';
import { createCuttableLine } from './cuttable-line.ts';
import { fakeGround } from './fake-ground.ts';
import { inflict } from './inflict.ts';

it('asks every process to stop in a rolling restart, and has each back before the next', async () => {
  const { ground } = fakeGround();
  using _ = ground;
  await using line = createCuttableLine();
  const away: string[] = [];
  for (const child of ground.cluster.all) {
    const signal = child.signal.bind(child);
    child.signal = async (name) => {
      away.push(...ground.cluster.all.filter(({ running }) => !running).map((other) => other.name));
      await signal(name);
    };
  }
  await inflict(
    { kind: 'rolling-restart', afterMs: 0, holdMs: 0, which: 0, silent: false, kills: 0 },
    { ground, line, dataDir: '', pushesInHand: () => 0 },
  );
  expect(ground.ended.map(({ name }) => name).sort()).toEqual([
    'auth-1',
    'call-signaling-1',
    'chat-1',
    'chat-2',
    'database',
    'gateway',
    'nats-1',
    'nats-2',
    'nats-3',
    'notification-1',
    'redis-1',
  ]);
  expect(ground.killed).toEqual([]);
  expect(away).toEqual([]);
});
