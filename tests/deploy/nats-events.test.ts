import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Servers, startNats } from '../../deploy/cluster/src/servers.ts';
import { subscribeEvents } from '../../packages/client/src/event-stream/index.ts';
import { createNatsBus } from '../../packages/engine-nats/src/index.ts';
import { BusEvent } from '../../packages/protocol/src/index.ts';
import { until } from '../harness/event-log.ts';

const config = fileURLToPath(new URL('../../deploy/nats/nats.conf', import.meta.url));
const word = (user: string) => `nats-${user}-password`;

const present = it.skipIf(Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS));

let dataDir: string;
let nats: Servers;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'switchboard-nats-events-'));
  const users = ['auth', 'chat', 'events', 'notification', 'signaling'] as const;
  const passwords = Object.fromEntries(users.map((user) => [user, word(user)])) as Record<
    (typeof users)[number],
    string
  >;
  nats = await startNats(1, { config, passwords, dataDir, logFile: join(dataDir, 'log') });
});
afterAll(async () => {
  for (const node of nats?.nodes ?? []) await node.signal('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

const busOf = (user: string) =>
  createNatsBus({ url: `nats://${user}:${word(user)}@${nats.url}`, name: user, replicas: 1 });
const revoked = () =>
  BusEvent.parse({
    v: 1,
    id: randomUUID(),
    at: new Date().toISOString(),
    type: 'auth.session.revoked',
    userId: '7',
  });

present(
  'the user `events` hears the events of the services, in both orders, and says nothing itself',
  async () => {
    const auth = await busOf('auth');
    await auth.publish(revoked());
    for (const order of ['subject', 'none'] as const) {
      const heard: string[] = [];
      const problems: string[] = [];
      const events = await subscribeEvents(
        {
          servers: nats.url,
          user: 'events',
          pass: word('events'),
          durable: `mine-${order}`,
          types: ['auth.session.revoked'],
          order,
          onProblem: ({ message, cause }) => problems.push(`${message}: ${String(cause)}`),
        },
        ({ id }) => void heard.push(id),
      );
      const event = revoked();
      await auth.publish(event);
      await until('the event is heard', () => heard.includes(event.id));
      expect(problems).toEqual([]);
      await events.close();
    }
    const impostor = await busOf('events');
    await expect(impostor.publish(revoked())).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    const asking = impostor.request('auth.users.get', { userIds: [] }, { timeoutMs: 500 });
    expect(await asking.catch((error: unknown) => error)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await Promise.all([auth.close(), impostor.close()]);
  },
);
