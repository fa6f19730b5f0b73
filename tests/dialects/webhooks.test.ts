import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWebhookEndpoint } from '../../services/notification/src/testing/webhook-endpoint.ts';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { logIn, register } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne({ WEBHOOK_ALLOW_PRIVATE: 'true' });
});
afterAll(() => topology?.[Symbol.asyncDispose]());

it('a webhook hears of accounts and messages, without their text if it is to be so, also after a crash', async () => {
  await using endpoint = await startWebhookEndpoint();
  const { token } = await logIn(topology);
  const made = await http('POST', `${topology.url(0)}/admin/webhooks`, {
    token,
    body: { url: endpoint.url, events: ['auth.user.created', 'chat.message.created'], messageText: false },
  });
  expect(made.status).toBe(201);
  const { secret } = made.body as { secret: string };
  const of = (type: string) => endpoint.heard.filter(({ body }) => body.includes(`"type":"${type}"`));
  const [alice, bob] = [await register(topology, 'Alice'), await register(topology, 'Bob')];
  await until('both are told of', () => of('auth.user.created').length >= 2, 30_000);

  // What could not be told before the crash is told after it.
  endpoint.answer = 503;
  const say = () =>
    http('POST', `${topology.url(0)}/api/messages`, {
      token: alice.token,
      body: { to: bob.id, content: 'between us' },
    });
  expect((await say()).status).toBeLessThan(300);
  await until('it was tried', () => of('chat.message.created').length >= 1, 30_000);
  await topology.crash();
  endpoint.answer = 200;
  const before = of('chat.message.created').length;
  await until('it is tried again', () => of('chat.message.created').length > before, 90_000);
  for (const heard of endpoint.heard) endpoint.verified(heard, secret);
  expect(endpoint.heard.map(({ body }) => body).join()).not.toContain('between us');
}, 180_000);
