import type { Bus } from '@switchboard/ports';
import { ok, UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNatsBus } from './index.ts';
import { startTestNats, type TestNats } from './testing/test-nats.ts';

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS)('a request', () => {
  let server: TestNats;
  let bus: Bus;
  const logged: string[] = [];
  beforeEach(async () => {
    server = await startTestNats();
    const logger = {
      warn: (_fields: object, message: string) => void logged.push(message),
      error: (_fields: object, message: string) => void logged.push(message),
    };
    bus = await createNatsBus({ url: server.url, name: 'requests', replicas: 1, logger });
  });
  afterEach(async () => {
    await bus?.close();
    await server?.[Symbol.asyncDispose]();
  });

  it('whose reply is more than the server takes is refused, and the next one is answered', async () => {
    const user = (name: string) => ({
      id: UserId.parse('1'),
      username: 'u',
      name,
      email: null,
      status: 'active' as const,
      role: 'user' as const,
      createdAt: new Date(0).toISOString(),
    });
    let name = 'x'.repeat(2 ** 20);
    await bus.serve('auth.users.get', async () => ok({ users: [user(name)] }));
    expect(await bus.request('auth.users.get', { userIds: [] })).toMatchObject({
      ok: false,
      error: { code: 'INTERNAL' },
    });
    expect(logged).toEqual(['a reply cannot be sent']);
    name = 'short';
    expect(await bus.request('auth.users.get', { userIds: [] })).toEqual(ok({ users: [user(name)] }));
  });
});
