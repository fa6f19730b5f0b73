import { createManualClock, createMemoryBus } from '@switchboard/engine-memory';
import { SessionId, UserId } from '@switchboard/protocol';
import { createLogger } from '@switchboard/service-kit';
import { expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { createSessionRegistry } from './session-registry.ts';
import { watchSessions } from './session-watch.ts';

it('a socket whose session ends while it connects does not get in', async () => {
  const clock = createManualClock();
  const bus = createMemoryBus({ clock });
  const logger = createLogger({ level: 'silent', service: 'test', nodeId: 'test' });
  const registry = createSessionRegistry();
  const watch = await watchSessions({ bus, clock, logger, registry, reverifyMs: 60_000 });
  const user = UserId.parse('1');
  const [mine, other] = ['1', '2'].map((last) =>
    SessionId.parse(`00000000-0000-4000-8000-00000000000${last}`),
  ) as [SessionId, SessionId];
  const closed: SessionId[] = [];
  for (const sessionId of [mine, other]) {
    registry.takePlace(user, { sessionId, close: () => closed.push(sessionId) });
  }
  await bus.notify({ type: 'session.revoked', userId: user, sessionId: mine, reason: 'logout' });
  await eventually(() => closed.length > 0);
  expect(closed).toEqual([mine]);
  await bus.notify({ type: 'session.revoked', userId: user, reason: 'banned' });
  await eventually(() => closed.length > 1);
  expect(closed).toEqual([mine, mine, other]);
  await watch[Symbol.asyncDispose]();
  await bus.close();
});
