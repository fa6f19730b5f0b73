import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { freePort, startServer, temporaryFolder } from '../harness/server-process.ts';
import { type Disguise, disguise, saying } from './disguise.ts';
import { type LiveCluster, liveCluster } from './live-cluster.ts';

const SECRET = 'f3a1c5d97b2e48066d1f0a9c8e7b5432';
const SERVICES = ['auth', 'chat', 'call-signaling', 'notification'] as const;
type ServiceName = (typeof SERVICES)[number];

const present = describe.skipIf(Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS));

let cluster: LiveCluster;
const servers: ChildProcess[] = [];
const disguises: Disguise[] = [];

beforeAll(async () => {
  cluster = await liveCluster({ signaling: 1 });
}, 90_000);

afterAll(async () => {
  for (const server of servers) server.kill('SIGKILL');
  for (const each of disguises) await each[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
}, 60_000);

interface Refusal {
  readonly code: number | null;
  readonly output: string;
}

/** Starts a service as an operator would, with these settings instead of the good ones; undefined takes one away. */
async function start(
  service: ServiceName | 'all-in-one',
  changed: Readonly<Record<string, string | undefined>> = {},
): Promise<Refusal> {
  const { processes } = cluster;
  const user = service === 'call-signaling' || service === 'all-in-one' ? 'signaling' : service;
  const settings = {
    JWT_SECRET: SECRET,
    MONGO_URL: processes.mongoUrl,
    REDIS_URL: processes.redisUrl,
    NATS_URL: processes.natsUrl(user),
    PORT: '0',
    LOG_LEVEL: 'info',
    ...changed,
  };
  const main = fileURLToPath(new URL(`../../services/${service}/dist/main.js`, import.meta.url));
  const env = Object.entries(settings).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, ...Object.fromEntries(env) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  servers.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  // Generous for a busy machine: what a refusal waits for are answers, a few seconds at most.
  const late = setTimeout(() => child.kill('SIGKILL'), 18_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(late);
  return { code, output };
}

/** What was said of the refusal: a line of the log, or, where there is none yet that settings could shape, plain text. */
function messagesIn(output: string): string[] {
  const fatal = output.split('\n').filter((line) => line.includes('"level":"fatal"'));
  return fatal.length > 0 ? fatal : output.split(/(?=^The configuration has)/m);
}

/** Ended by itself, said each of these in one message, and neither a stack nor a secret. */
function expectRefusal({ code, output }: Refusal, ...words: RegExp[]): void {
  expect({ code, output }).toMatchObject({ code: 1 });
  const messages = messagesIn(output);
  expect(messages).toHaveLength(1);
  for (const each of words) expect(messages[0]).toMatch(each);
  expect(output).not.toMatch(/\\n\s+at |^\s+at /m);
  expect(output).not.toContain(SECRET);
  expect(output).not.toContain('hunter2');
}

/** A server of the test's own; resolves when it accepts connections. */
async function run(command: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const server = spawn(command, args, { stdio: 'ignore' });
  servers.push(server);
  await until(
    `${command} accepts`,
    () =>
      new Promise<boolean>((resolve) => {
        const probe = connect({ port, host: '127.0.0.1' });
        probe.once('connect', () => resolve(true));
        probe.once('error', () => resolve(false));
        probe.once('connect', () => probe.destroy());
      }),
    15_000,
  );
  return server;
}

async function behind(port: number, change: (said: Buffer) => void): Promise<number> {
  const each = await disguise(port, change);
  disguises.push(each);
  return each.port;
}

const portIn = (url: string): number =>
  Number(/:(\d+)(\/|$)/.exec(url.replace(/^\w+:\/\/([^@]*@)?/, ''))?.[1]);

present('half a cluster', () => {
  it.each(SERVICES)('%s says which variables are missing, all at once', async (service) => {
    expectRefusal(
      await start(service, { NATS_URL: undefined, MONGO_URL: undefined }),
      /MONGO_URL is missing/,
      /NATS_URL is missing/,
      /npm start/,
    );
  });

  it('a node on memory engines is not one of several', async () => {
    expectRefusal(
      await start('call-signaling', { NATS_URL: undefined, MONGO_URL: undefined, REDIS_URL: undefined }),
      /MONGO_URL is missing/,
      /NATS_URL is missing/,
      /REDIS_URL is missing/,
      /npm start/,
    );
    expectRefusal(
      await start('all-in-one', { NATS_URL: undefined, MONGO_URL: undefined }),
      /REDIS_URL set: the all-in-one runs by itself, on memory engines .*; unset to run it/,
    );
    expectRefusal(
      await start('all-in-one'),
      /MONGO_URL, NATS_URL, REDIS_URL set: the all-in-one runs by itself, .*; unset to run it/,
    );
  });

  it('two nodes on memory engines do not share a folder', async () => {
    const data = await temporaryFolder();
    const first = await startServer({ DATA_DIR: data.path, PORT: '0' });
    try {
      const second = await start('all-in-one', {
        MONGO_URL: undefined,
        NATS_URL: undefined,
        REDIS_URL: undefined,
        DATA_DIR: data.path,
      });
      expectRefusal(second, /DATA_DIR \(.*\) is in use by another process: stop it, or name another folder/);
      expect(second.output).toContain(data.path);
      // The one that was there goes on.
      expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    } finally {
      await first.stop('SIGTERM');
      await data.remove();
    }
  });
});

present('servers that do not answer', () => {
  it.each(SERVICES)('%s names each of them', async (service) => {
    const nobody = await freePort();
    expectRefusal(
      await start(service, {
        MONGO_URL: `mongodb://127.0.0.1:${nobody}/switchboard`,
        REDIS_URL: `redis://:hunter2@127.0.0.1:${nobody}`,
        NATS_URL: `nats://signaling:hunter2@127.0.0.1:${nobody}`,
      }),
      /database does not answer; check that it runs and that MONGO_URL names it/,
      /Redis cannot be used: it does not answer; .* REDIS_URL/,
      /NATS cannot be used: it does not answer; .* NATS_URL/,
    );
  });

  it('nor do they keep a service waiting that accept and say nothing', async () => {
    const port = await freePort();
    const mute = createServer().listen(port, '127.0.0.1');
    await once(mute, 'listening');
    try {
      expectRefusal(
        await start('chat', {
          MONGO_URL: `mongodb://127.0.0.1:${port}/switchboard`,
          REDIS_URL: `redis://127.0.0.1:${port}`,
          NATS_URL: `nats://127.0.0.1:${port}`,
        }),
        /MONGO_URL/,
        /REDIS_URL/,
        /NATS_URL/,
      );
    } finally {
      mute.close();
    }
  });
});

present('wrong credentials', () => {
  it('are told from servers that are away', async () => {
    const port = await freePort();
    await run(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--requirepass', 'hunter2'],
      port,
    );
    const nats = portIn(cluster.processes.natsUrl('chat').split(',')[0] ?? '');
    expectRefusal(
      await start('chat', {
        REDIS_URL: `redis://:wrong@127.0.0.1:${port}`,
        NATS_URL: `nats://chat:wrong@127.0.0.1:${nats}`,
      }),
      /Redis cannot be used: it refuses the credentials; .* REDIS_URL/,
      /NATS cannot be used: it refuses the credentials; .* NATS_URL/,
    );
    expectRefusal(
      await start('chat', { REDIS_URL: `redis://127.0.0.1:${port}` }),
      /refuses the credentials; .* REDIS_URL/,
    );
  });
});

present('servers that cannot do what is needed', () => {
  it('too old ones are told by their version', async () => {
    const { redisUrl, natsUrl, mongoUrl } = cluster.processes;
    const redis = await behind(portIn(redisUrl), saying(/redis_version:(\d)/, '6'));
    const nats = await behind(portIn(natsUrl('chat')), saying(/"version":"(\d+\.\d+)/, '2.8'));
    const mongo = await behind(portIn(mongoUrl), (said) => {
      const name = Buffer.from('maxWireVersion\0');
      const at = said.indexOf(name);
      if (at >= 0) said.writeInt32LE(5, at + name.length);
    });
    const password = new URL(natsUrl('chat').split(',')[0] ?? '').password;
    expectRefusal(
      await start('chat', {
        REDIS_URL: `redis://127.0.0.1:${redis}`,
        NATS_URL: `nats://chat:${password}@127.0.0.1:${nats}`,
        MONGO_URL: `mongodb://127.0.0.1:${mongo}/switchboard`,
      }),
      /Redis that REDIS_URL names is version 6\S*; 7.0 or newer/,
      /NATS server that NATS_URL names is version 2\.8\S*; 2.9 or newer/,
      /database that MONGO_URL names is too old/,
    );
  });

  it('NATS without JetStream, or with fewer servers than copies', async () => {
    const port = await freePort();
    await run('nats-server', ['-a', '127.0.0.1', '-p', String(port)], port);
    expectRefusal(
      await start('chat', { NATS_URL: `nats://127.0.0.1:${port}` }),
      /NATS_URL names does not offer JetStream: start it with -js/,
    );

    const store = `${cluster.dataDir}/nats-alone`;
    const alone = await freePort();
    await run('nats-server', ['-a', '127.0.0.1', '-p', String(alone), '-js', '-sd', store], alone);
    expectRefusal(
      await start('call-signaling', { NATS_URL: `nats://127.0.0.1:${alone}`, NATS_REPLICAS: '3' }),
      /NATS_REPLICAS is 3/,
    );
  });
});
