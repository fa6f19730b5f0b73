import { randomUUID } from 'node:crypto';
import { CallId } from '@switchboard/protocol';
import { expect, it } from 'vitest';
import { createMemoryLiveCalls } from './live-calls.ts';

const HOUR = 60 * 60 * 1000;

it('forgets calls that nobody moved on for a day', async () => {
  const store = createMemoryLiveCalls<string>();
  const now = Date.now();
  const [timed, untimed, renewed] = [
    CallId.parse(randomUUID()),
    CallId.parse(randomUUID()),
    CallId.parse(randomUUID()),
  ];
  await store.due(now, 10, HOUR);
  await store.compareAndSet(timed, 0, 'ringing', now);
  await store.compareAndSet(untimed, 0, 'active', null);
  await store.compareAndSet(renewed, 0, 'active', now + 23 * HOUR);
  await store.due(now + 24 * HOUR, 10, HOUR);
  expect(await store.get(timed)).toBeDefined();
  expect(await store.get(untimed)).toBeDefined();
  await store.due(now + 24 * HOUR + 1, 10, HOUR);
  expect(await store.get(timed)).toBeUndefined();
  expect(await store.get(untimed)).toBeUndefined();
  expect(await store.get(renewed)).toBeDefined();
});
