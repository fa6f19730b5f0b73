import type { Child } from '@switchboard/deploy-cluster';
import { expect, it } from 'vitest';
import { fakeGround } from './fake-ground.ts';

it('tells who was killed from who was asked to stop', async () => {
  const { ground, auth, gateway, at } = fakeGround();
  using _ = ground;
  for (const each of auth) {
    await ground.kill(each);
    await ground.bringBack(each);
    at(5);
    await ground.kill(each, 'SIGTERM');
  }
  await ground.kill(gateway);
  expect(ground.killed).toEqual([
    { name: 'auth-1', at: 0, signal: 'SIGKILL' },
    { name: 'gateway', at: 5, signal: 'SIGKILL' },
  ]);
  expect(ground.ended).toHaveLength(3);
});

it('excuses nobody while enough is left, and a ring only where nothing could have ended it', async () => {
  const { ground, auth, chat, nats, notification, at } = fakeGround();
  using _ = ground;
  const away = async (children: readonly Child[], from: number, to: number): Promise<void> => {
    at(from);
    for (const each of children) await ground.kill(each);
    at(to);
    for (const each of children) await ground.bringBack(each);
  };
  await away(chat.slice(1), 10, 20);
  await away(nats.slice(1, 2), 30, 40);
  await away(notification, 50, 60);
  expect([ground.outages, ground.silences]).toEqual([[], []]);
  await away(auth, 100, 110);
  await away(chat, 200, 210);
  expect(ground.outages).toMatchObject([
    { from: 100, to: 110 },
    { from: 200, to: 210 },
  ]);
  expect(ground.silences).toEqual([]);
  await away(nats.slice(1), 300, 310);
  expect(ground.silences).toEqual([{ what: 'nats-3', from: 300, to: 310 }]);
  expect(ground.outages).toHaveLength(3);
});
