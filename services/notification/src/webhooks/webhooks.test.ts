import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { createManualClock, type ManualClock } from '@switchboard/engine-memory';
import { systemClock } from '@switchboard/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestWebhooks, type TestWebhooks } from '../testing/start-test-webhooks.ts';
import { startWebhookEndpoint, type WebhookEndpoint } from '../testing/webhook-endpoint.ts';
import { MAX_WEBHOOKS } from './manage-webhooks.ts';

const HOUR = 3_600_000;

let database: TestMongo;
let clock: ManualClock;
let rig: TestWebhooks;
let endpoint: WebhookEndpoint;

beforeAll(async () => {
  database = await startTestMongo();
});
afterAll(() => database?.[Symbol.asyncDispose]());
beforeEach(async () => {
  // Of today, since a signature is only good for some minutes.
  clock = createManualClock(Date.now());
  endpoint = await startWebhookEndpoint();
  rig = await startTestWebhooks({ mongoUrl: database.url, clock });
});
afterEach(async () => {
  await rig.webhooks.deleteMany({});
  await rig.deliveries.deleteMany({});
  await rig[Symbol.asyncDispose]();
  await endpoint[Symbol.asyncDispose]();
});

async function subscribe(more: object = {}): Promise<{ id: string; secret: string }> {
  const { status, body } = await rig.ask('POST', '/admin/webhooks', {
    url: `${endpoint.url}/hook`,
    events: ['*'],
    ...more,
  });
  expect(status).toBe(201);
  return { id: body.webhook.id, secret: body.secret };
}

const heard = (count: number) => eventually(() => endpoint.heard[count - 1]);
const deliveriesOf = async (id: string, query = '') =>
  (await rig.ask('GET', `/admin/webhooks/${id}/deliveries${query}`)).body.deliveries;
const settled = (id: string, status: string, count = 1) =>
  eventually(async () => {
    const found = await deliveriesOf(id, `?status=${status}`);
    return found.length >= count && found;
  });
/** Time goes on in steps, each as long as what it sets off. */
async function pass(ms: number): Promise<void> {
  await clock.advance(ms);
}

describe('an event', () => {
  it('is sent with its id, signed, in the form of Standard Webhooks', async () => {
    const { id, secret } = await subscribe();
    const event = await rig.endCall();
    const request = await heard(1);
    expect(request.id).toBe(event.id);
    expect(request.path).toBe('/hook');
    expect(request.headers['content-type']).toBe('application/json');
    const { v: _v, id: _id, at, type, ...data } = event;
    expect(endpoint.verified(request, secret)).toEqual({ type, timestamp: at, data });
    const [delivery] = await settled(id, 'delivered');
    expect(delivery).toMatchObject({ id: event.id, type: 'call.ended', attempts: 1, responseStatus: 200 });
  });

  it('goes to those alone who hear of it, and once however often it comes', async () => {
    const calls = await subscribe({ events: ['call.*'] });
    const chats = await subscribe({ events: ['chat.*'] });
    const event = await rig.endCall();
    await settled(calls.id, 'delivered');
    // Again, later than the bus remembers ids.
    await pass(3 * 60_000);
    await rig.bus.publish(event);
    await rig.endCall();
    await settled(calls.id, 'delivered', 2);
    expect(endpoint.heard.filter(({ id }) => id === event.id)).toHaveLength(1);
    expect(await deliveriesOf(chats.id)).toEqual([]);
  });

  it('is not sent to one that is turned off, and waits for no one', async () => {
    const { id } = await subscribe({ enabled: false });
    await rig.endCall();
    expect(await deliveriesOf(id)).toEqual([]);
  });
});

describe('an endpoint that fails', () => {
  it('is asked again after the pauses of the schedule, with a timestamp of the time', async () => {
    const { id, secret } = await subscribe();
    endpoint.answer = 503;
    const event = await rig.endCall();
    await heard(1);
    for (const [at, pause] of [5_000, 300_000, 1_800_000].entries()) {
      const [delivery] = await eventually(async () => {
        const found = await deliveriesOf(id, '?status=pending');
        return found[0]?.attempts === at + 1 && found[0].nextAttemptAt && found;
      });
      const wait = Date.parse(delivery.nextAttemptAt) - clock.now();
      expect([wait >= pause * 0.99, wait <= pause * 1.1]).toEqual([true, true]);
      if (at === 2) endpoint.answer = 204;
      await pass(pause * 0.9);
      expect(endpoint.heard).toHaveLength(at + 1);
      await pass(pause * 0.2 + 1_000);
      await heard(at + 2);
    }
    await settled(id, 'delivered');
    expect(endpoint.heard.map((each) => each.id)).toEqual([event.id, event.id, event.id, event.id]);
    const [first, , , last] = endpoint.heard;
    expect(Number(last?.headers['webhook-timestamp'])).toBeGreaterThan(
      Number(first?.headers['webhook-timestamp']) + 2_000,
    );
    endpoint.verified(first, secret);
    const { webhook } = (await rig.ask('GET', `/admin/webhooks/${id}`)).body;
    expect(webhook.failingSince).toBeUndefined();
  });

  it('is left alone for as long as it asks', async () => {
    const { id } = await subscribe();
    endpoint.answer = (response) => response.writeHead(429, { 'Retry-After': '600' }).end();
    await rig.endCall();
    const [delivery] = await eventually(async () => {
      const found = await deliveriesOf(id, '?status=pending');
      return found[0]?.nextAttemptAt && found[0].attempts === 1 && found;
    });
    expect(Date.parse(delivery.nextAttemptAt) - clock.now()).toBeGreaterThan(590_000);
    expect(delivery).toMatchObject({ responseStatus: 429, error: 'status 429' });
  });

  it('is given up after about a day, and what failed can be sent again', async () => {
    const { id } = await subscribe();
    endpoint.answer = 500;
    const event = await rig.endCall();
    for (let tries = 1; tries <= 8; tries += 1) {
      await heard(tries);
      await eventually(async () => {
        const [delivery] = await deliveriesOf(id);
        return (
          delivery.attempts === tries && delivery.lastAttemptAt && (tries === 8 || delivery.nextAttemptAt)
        );
      });
      // Past any pause, a step at a time.
      if (tries < 8) await rig.deliveries.updateOne({}, { $set: { dueAt: new Date(clock.now()) } });
      await pass(2_000);
    }
    await settled(id, 'failed');
    await pass(60_000);
    expect(endpoint.heard).toHaveLength(8);

    endpoint.answer = 200;
    const since = new Date(clock.now() - 2 * HOUR).toISOString();
    expect(await rig.ask('POST', `/admin/webhooks/${id}/replay`, { since })).toMatchObject({
      status: 202,
      body: { replayed: 1 },
    });
    await settled(id, 'delivered');
    expect(endpoint.heard.at(-1)?.id).toBe(event.id);
    // By name also what arrived.
    const named = { deliveryIds: [event.id, randomUUID()] };
    expect((await rig.ask('POST', `/admin/webhooks/${id}/replay`, named)).body).toEqual({ replayed: 1 });
    await heard(10);
    // And what failed alone: nothing did.
    await settled(id, 'delivered');
    expect((await rig.ask('POST', `/admin/webhooks/${id}/replay`)).body).toEqual({ replayed: 0 });
  });

  it('is turned off after five days of nothing else, and others hear of it', async () => {
    const failing = await subscribe({ url: 'http://127.0.0.1:1/' });
    const other = await subscribe({ events: ['webhook.*'] });
    await rig.endCall();
    const { failingSince } = await eventually(async () => {
      const { webhook } = (await rig.ask('GET', `/admin/webhooks/${failing.id}`)).body;
      return webhook.failingSince && webhook;
    });
    expect(Date.parse(failingSince)).toBeLessThanOrEqual(clock.now());
    const daysAgo = (days: number) => new Date(clock.now() - days * 24 * HOUR);
    await rig.webhooks.updateOne({ _id: failing.id }, { $set: { failingSince: daysAgo(4.9) } });
    await pass(2_000);
    await rig.endCall();
    await eventually(async () =>
      (await deliveriesOf(failing.id, '?status=pending')).every(
        (each: { attempts: number }) => each.attempts > 0,
      ),
    );
    expect(endpoint.heard).toEqual([]);
    await rig.webhooks.updateOne({ _id: failing.id }, { $set: { failingSince: daysAgo(5) } });
    await pass(2_000);
    await rig.endCall();
    const told = await heard(1);
    expect(endpoint.verified(told, other.secret)).toMatchObject({
      type: 'webhook.disabled',
      data: { webhookId: failing.id, reason: 'failing' },
    });
    const { body } = await rig.ask('GET', `/admin/webhooks/${failing.id}`);
    expect(body.webhook).toMatchObject({ enabled: false, disabled: { reason: 'failing' } });
    expect(body.history.at(-1)).toMatchObject({ action: 'disabled', detail: 'failing' });
    // Turned on again, it begins anew.
    const on = await rig.ask('PATCH', `/admin/webhooks/${failing.id}`, { enabled: true });
    expect(on.body.webhook.enabled).toBe(true);
    expect([on.body.webhook.disabled, on.body.webhook.failingSince]).toEqual([undefined, undefined]);
  });

  it('that is gone for good is turned off at once', async () => {
    const { id } = await subscribe();
    endpoint.answer = 410;
    await rig.endCall();
    await eventually(async () => {
      const { webhook } = (await rig.ask('GET', `/admin/webhooks/${id}`)).body;
      return webhook.disabled?.reason === 'gone';
    });
    await settled(id, 'failed');
    await rig.endCall();
    await pass(10_000);
    expect(endpoint.heard).toHaveLength(1);
  });

  it('and redirects is not followed', async () => {
    const { id } = await subscribe();
    endpoint.answer = (response) => response.writeHead(307, { Location: `${endpoint.url}/elsewhere` }).end();
    await rig.endCall();
    await eventually(async () => (await deliveriesOf(id))[0]?.error === 'status 307');
    expect(endpoint.heard.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('and never answers keeps nobody else waiting, and is sent no more than four at once', async () => {
    await using good = await startWebhookEndpoint();
    const held: ServerResponse[] = [];
    endpoint.answer = (response) => void held.push(response);
    const slow = await subscribe();
    const quick = await subscribe({ url: good.url });
    for (let count = 0; count < 12; count += 1) await rig.endCall();
    await eventually(() => good.heard.length === 12);
    await settled(quick.id, 'delivered', 12);
    expect(endpoint.heard.length).toBeLessThanOrEqual(4);
    endpoint.answer = 200;
    for (const response of held) response.end();
    await settled(slow.id, 'delivered', 12);
  });
});

describe('what a node has in hand', () => {
  it('when it dies between sending and recording is sent again by another, with the same id', async () => {
    const { id, secret } = await subscribe();
    const event = await rig.endCall();
    await settled(id, 'delivered');
    // As the dead node left it: claimed, sent, not recorded.
    await rig.deliveries.updateOne(
      { _id: `${id}:${event.id}` },
      { $set: { status: 'pending', lease: randomUUID(), dueAt: new Date(clock.now() + 60_000) } },
    );
    await pass(59_000);
    expect(endpoint.heard).toHaveLength(1);
    await pass(2_000);
    expect((await heard(2)).id).toBe(event.id);
    endpoint.verified(await heard(2), secret);
    await settled(id, 'delivered');
  });

  it('is shared by several: each event is sent once', async () => {
    await rig.node();
    const { id } = await subscribe();
    const events = [];
    for (let count = 0; count < 20; count += 1) events.push(await rig.endCall());
    await settled(id, 'delivered', 20);
    await pass(5_000);
    expect(endpoint.heard.map((each) => each.id).sort()).toEqual(events.map((event) => event.id).sort());
  });

  it('does not count when the node stops in the middle', async () => {
    endpoint.answer = () => undefined;
    const node = await startTestWebhooks({ mongoUrl: database.url, clock: systemClock });
    const { body } = await node.ask('POST', '/admin/webhooks', { url: endpoint.url, events: ['call.*'] });
    const event = await node.endCall();
    await heard(1);
    await node[Symbol.asyncDispose]();
    const left = await rig.deliveries.findById(`${body.webhook.id}:${event.id}`).lean();
    expect(left).toMatchObject({ status: 'pending', attempts: 0 });
    expect(left?.lease).toBeUndefined();
  });
});

describe('administration', () => {
  it('shows a secret at creation and rotation alone; for a day both sign', async () => {
    const { id, secret } = await subscribe();
    const rotated = await rig.ask('POST', `/admin/webhooks/${id}/rotate-secret`);
    expect(rotated.body.secret).not.toBe(secret);
    expect(Date.parse(rotated.body.webhook.formerSecretUntil)).toBe(clock.now() + 24 * HOUR);
    await rig.endCall();
    const request = await heard(1);
    endpoint.verified(request, secret);
    endpoint.verified(request, rotated.body.secret);
    await rig.webhooks.updateOne({ _id: id }, { $set: { 'secrets.1.until': new Date(clock.now()) } });
    await pass(2_000);
    await rig.endCall();
    const later = await heard(2);
    expect(String(later.headers['webhook-signature']).split(' ')).toHaveLength(1);
    const shown = JSON.stringify([
      await rig.ask('GET', '/admin/webhooks'),
      await rig.ask('GET', `/admin/webhooks/${id}`),
      await rig.ask('PATCH', `/admin/webhooks/${id}`, { description: 'x' }),
      await rig.ask('GET', `/admin/webhooks/${id}/deliveries`),
    ]);
    expect(shown).not.toContain('whsec_');
  });

  it('tries an endpoint once when asked to, turned off or not', async () => {
    const { id, secret } = await subscribe({ enabled: false });
    const good = await rig.ask('POST', `/admin/webhooks/${id}/test`);
    expect(good.body.delivery).toMatchObject({
      type: 'webhook.test',
      status: 'delivered',
      responseStatus: 200,
    });
    expect(endpoint.verified(await heard(1), secret)).toMatchObject({ data: { webhookId: id } });
    endpoint.answer = 500;
    await pass(10);
    const bad = await rig.ask('POST', `/admin/webhooks/${id}/test`);
    expect(bad.body.delivery).toMatchObject({ status: 'failed', error: 'status 500' });
    expect((await deliveriesOf(id)).map(({ status }: { status: string }) => status)).toEqual([
      'failed',
      'delivered',
    ]);
  });

  it('pages through deliveries, the newest first', async () => {
    const { id } = await subscribe();
    const events = [];
    for (let count = 0; count < 5; count += 1) {
      events.unshift((await rig.endCall()).id);
      await pass(10);
    }
    const first = (await rig.ask('GET', `/admin/webhooks/${id}/deliveries?limit=3`)).body;
    const last = first.deliveries.at(-1).id;
    const second = (await rig.ask('GET', `/admin/webhooks/${id}/deliveries?limit=3&before=${last}`)).body;
    expect([first.more, second.more]).toEqual([true, false]);
    const ids = [...first.deliveries, ...second.deliveries].map((each: { id: string }) => each.id);
    expect(ids).toEqual(events);
  });

  it('forgets a webhook with its deliveries', async () => {
    const { id } = await subscribe();
    await rig.endCall();
    await settled(id, 'delivered');
    expect((await rig.ask('DELETE', `/admin/webhooks/${id}`)).status).toBe(204);
    expect(await rig.deliveries.countDocuments({ webhookId: id })).toBe(0);
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/rotate-secret'],
      ['POST', '/test'],
      ['GET', '/deliveries'],
      ['POST', '/replay'],
    ] as const) {
      const change = method === 'PATCH' ? { enabled: true } : undefined;
      const { body } = await rig.ask(method, `/admin/webhooks/${id}${path}`, change);
      expect([method, path, body.code]).toEqual([method, path, 'NOT_FOUND']);
    }
  });

  it('has room for so many, also when all come at once', async () => {
    const make = () => rig.ask('POST', '/admin/webhooks', { url: endpoint.url, events: ['call.*'] });
    for (let count = 0; count < MAX_WEBHOOKS - 2; count += 1) await make();
    const late = await Promise.all([make(), make(), make(), make()]);
    expect(late.filter(({ body }) => body.code === 'CONFLICT').length).toBeGreaterThanOrEqual(2);
    expect(await rig.webhooks.countDocuments()).toBeLessThanOrEqual(MAX_WEBHOOKS);
  });
});

describe('where private addresses are not allowed', () => {
  it('such a URL is refused when it is registered and when it is changed', async () => {
    await using strict = await startTestWebhooks({ mongoUrl: database.url, clock, allowPrivate: false });
    const made = await strict.ask('POST', '/admin/webhooks', { url: endpoint.url, events: ['*'] });
    expect(made.body).toMatchObject({ code: 'INVALID_DATA', fields: { url: [{ rule: 'invalid' }] } });
    const { body } = await strict.ask('POST', '/admin/webhooks', {
      url: 'https://hooks.example.com/',
      events: ['*'],
    });
    const change = { url: 'http://169.254.169.254/' };
    const changed = await strict.ask('PATCH', `/admin/webhooks/${body.webhook.id}`, change);
    expect(changed.body.code).toBe('INVALID_DATA');
  });

  it('a name that leads to one is not asked', async () => {
    await using strict = await startTestWebhooks({
      mongoUrl: database.url,
      clock,
      allowPrivate: false,
      resolve: async () => ['127.0.0.1'],
    });
    const url = endpoint.url.replace('127.0.0.1', 'innocent.example');
    const { body } = await strict.ask('POST', '/admin/webhooks', { url, events: ['*'] });
    const tried = await strict.ask('POST', `/admin/webhooks/${body.webhook.id}/test`);
    expect(tried.body.delivery).toMatchObject({ status: 'failed', error: expect.stringMatching(/^refused/) });
    expect(endpoint.heard).toEqual([]);
  });
});
