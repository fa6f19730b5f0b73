import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LiveCluster, liveCluster } from '../cluster/live-cluster.ts';
import { mountedRoutes } from '../contract/mounted.ts';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { type NatsUser, natsUser } from './nats-user.ts';

const METHODS = ['PUT', 'DELETE', 'PATCH', 'POST', 'GET'];

interface StreamDetail {
  readonly name: string;
  readonly state: { readonly messages: number };
  readonly consumer_detail?: ReadonlyArray<{ readonly name: string }>;
}

let cluster: LiveCluster;

/** The streams of the one server, as it tells of them itself. */
async function streams(): Promise<readonly StreamDetail[]> {
  const [monitor] = cluster.processes.natsMonitors;
  const { body } = await http('GET', `${monitor}/jsz?accounts=true&streams=true&consumers=true`);
  return body.account_details.flatMap(
    (account: { stream_detail?: StreamDetail[] }) => account.stream_detail ?? [],
  );
}

/** A connection as this user, past the services. */
function connectAs(user: 'auth' | 'events'): Promise<NatsUser> {
  const { port, password } = new URL(cluster.processes.natsUrl(user));
  return natsUser(Number(port), user, password);
}

// `npm test` says loudly what it leaves out for want of a program, and `.ci/run` does not accept it.
describe.runIf(!process.env.SWITCHBOARD_MISSING_PROGRAMS)('the topology', () => {
  beforeAll(async () => {
    cluster = await liveCluster({ signaling: 1 });
  }, 90_000);
  afterAll(() => cluster?.[Symbol.asyncDispose](), 60_000);

  it('has a gateway that leads every path to the service that has it', async () => {
    const methodsOf = new Map<string, string[]>();
    for (const { method, path } of await mountedRoutes()) {
      methodsOf.set(path, [...(methodsOf.get(path) ?? []), method.toUpperCase()]);
    }
    expect(methodsOf.size).toBeGreaterThan(50);
    const astray: string[] = [];
    for (const [path, methods] of methodsOf) {
      // Whoever has the path says that this is not how to ask for it; anybody else, that there is no such path.
      const method = METHODS.find((each) => !methods.includes(each)) ?? '';
      const reply = await fetch(`${cluster.gateway}${path.replaceAll(/:\w+/g, '1')}`, { method });
      await reply.arrayBuffer();
      if (reply.status !== 405) astray.push(`${method} ${path}: ${reply.status}`);
    }
    expect(astray).toEqual([]);
  });

  it('keeps the user `events` from every consumer that the services have', async () => {
    await using events = await connectAs('events');
    const consumers = (await streams()).flatMap(({ name: stream, consumer_detail = [] }) =>
      consumer_detail.map(({ name }) => ({ stream, name })),
    );
    expect(consumers.length).toBeGreaterThan(30);
    const open: string[] = [];
    for (const { stream, name } of consumers) {
      const asked = [`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, `$JS.ACK.${stream}.${name}.1.1.1.1.0`];
      for (const subject of asked) if (await events.mayPublish(subject)) open.push(subject);
    }
    expect(open).toEqual([]);
  });

  it('shows what was set aside, on the server and in the numbers of whoever did', async () => {
    const counted = async (): Promise<Readonly<Record<string, number>>> => {
      const { notification, signaling, chat } = cluster.processes;
      const entries = [...notification, ...signaling, ...chat].map(async ({ name, url }) => {
        const text = String((await http('GET', `${url}/metrics`)).body);
        return [name, Number(/^\w*bus_dead_letters(?:\{.*\})? (\d+)$/m.exec(text)?.[1])] as const;
      });
      return Object.fromEntries(await Promise.all(entries));
    };
    expect(await counted()).toEqual({ 'notification-1': 0, 'call-signaling-1': 0, 'chat-1': 0 });
    const followers = ((await streams()).find(({ name }) => name === 'AUTH')?.consumer_detail ?? []).filter(
      ({ name }) => name.endsWith('-p1'),
    );
    expect(followers.length).toBeGreaterThan(1);

    // No event: nobody who follows its stream can read it.
    await using auth = await connectAs('auth');
    expect(await auth.mayPublish('auth.user.banned.p1')).toBe(true);
    await until(
      'everybody who follows has set it aside',
      async () => (await streams()).find(({ name }) => name === 'DEAD')?.state.messages === followers.length,
    );
    await until('it is counted', async () => {
      const { 'notification-1': notification = 0, 'call-signaling-1': signaling = 0 } = await counted();
      return notification > 0 && notification + signaling === followers.length;
    });
    expect((await counted())['chat-1']).toBe(0);
  });
});
