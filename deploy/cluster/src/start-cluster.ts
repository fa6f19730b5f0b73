import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answers, type Child, freePort, startChild, together, withFreePorts } from '@switchboard/processes';
import { startGateway } from './gateway.ts';
import { assertPrograms } from './programs.ts';
import { type NatsPasswords, type Servers, startDatabase, startNats, startRedis } from './servers.ts';

export interface ClusterOptions {
  /** Holds the data of every server, and the log. */
  readonly dataDir: string;
  /** Signaling nodes. Default 2. */
  readonly signaling?: number;
  readonly auth?: number;
  readonly chat?: number;
  readonly notification?: number;
  readonly nats?: 1 | 3;
  readonly redis?: 'single' | 'cluster';
  /** A database that runs already; absent: the embedded one as a process of its own. */
  readonly mongoUrl?: string;
  readonly host?: string;
  /** Of the gateway; 0 or absent: a free one. */
  readonly port?: number;
  /** Settings of the services; JWT_SECRET is needed. */
  readonly env: Readonly<Record<string, string>> & { readonly JWT_SECRET: string };
  /** Told the name of each process that is ready. */
  readonly onStarted?: (name: string) => void;
  /** A gateway more for each signaling node, which sends sockets to that one alone: so that it can be said who is where. */
  readonly entrances?: boolean;
  /** Asked for each process of a service where it shall look for NATS, given the servers (`host:port`, comma-separated); so that something may stand between. */
  readonly natsHosts?: (processName: string, hosts: string) => string | Promise<string>;
}

export interface ServiceNode extends Child {
  /** Its own address, past the gateway. */
  readonly url: string;
}

export interface Cluster extends AsyncDisposable {
  /** The gateway. */
  readonly url: string;
  readonly gateway: Child;
  /** One URL a signaling node; empty unless asked for. */
  readonly entrances: readonly string[];
  /** Every process, in the order of starting. */
  readonly all: readonly Child[];
  readonly auth: readonly ServiceNode[];
  readonly chat: readonly ServiceNode[];
  readonly notification: readonly ServiceNode[];
  readonly signaling: readonly ServiceNode[];
  readonly nats: readonly Child[];
  /** Where each NATS server answers `/varz` and its like. */
  readonly natsMonitors: readonly string[];
  readonly redis: readonly Child[];
  readonly database: Child | undefined;
  /** NATS_URL of one service. */
  readonly natsUrl: (service: keyof NatsPasswords) => string;
  readonly redisUrl: string;
  readonly mongoUrl: string;
  readonly logFile: string;
}

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The topology of docker-compose.yml as processes of this machine, which must have nats-server, redis-server and haproxy. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { dataDir, onStarted = () => {} } = options;
  assertPrograms();
  await mkdir(dataDir, { recursive: true });
  const logFile = join(dataDir, 'cluster.log');
  const started: Child[] = [];
  const keep = <T extends Child>(nodes: readonly T[]): readonly T[] => {
    started.push(...nodes);
    for (const { name } of nodes) onStarted(name);
    return nodes;
  };
  const stopAll = async (): Promise<void> => {
    // Outermost first: nobody is cut off from what it needs to finish.
    const order = ['gateway', 'call-signaling', 'notification', 'chat', 'auth', 'nats', 'redis', 'database'];
    for (const kind of order) {
      await Promise.all(started.filter(({ name }) => name.startsWith(kind)).map((child) => child.stop()));
    }
  };

  const passwords = natsPasswords(options.env.JWT_SECRET);
  try {
    const kept = async <T extends Servers>(starting: Promise<T>): Promise<T> => {
      const servers = await starting;
      keep(servers.nodes);
      return servers;
    };
    const [nats, redis, database] = await together([
      kept(
        startNats(options.nats ?? 1, { config: root('deploy/nats/nats.conf'), passwords, dataDir, logFile }),
      ),
      kept(startRedis(options.redis ?? 'single', dataDir, logFile)),
      options.mongoUrl === undefined
        ? kept(startDatabase(root('packages/embedded-mongo/dist/main.js'), dataDir, logFile))
        : undefined,
    ]);
    const mongoUrl = options.mongoUrl ?? database?.url ?? '';
    const env = {
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      // The gateway is on this machine, and what it says of the client's address is believed.
      TRUST_PROXY: '127.0.0.1',
      MONGO_URL: mongoUrl,
      REDIS_URL: redis.url,
      NATS_REPLICAS: String(options.nats ?? 1),
      ...options.env,
    };
    const service = async (name: string, at: number): Promise<ServiceNode> => {
      const processName = `${name}-${at}`;
      const hosts = (await options.natsHosts?.(processName, nats.url)) ?? nats.url;
      return withFreePorts(async () => {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}`;
        const child = await startChild({
          name: processName,
          command: process.execPath,
          args: [root(`services/${name}/dist/main.js`)],
          env: { ...env, NATS_URL: natsUrl(hosts, name, passwords), PORT: String(port) },
          logFile,
          ready: () => answers(`${url}/readyz`),
        });
        return Object.assign(child, { url });
      });
    };
    const many = async (name: string, count: number) => {
      // The first makes indexes, streams and consumers, the others find them.
      const nodes: ServiceNode[] = [];
      for (let at = 1; at <= count; at += 1) nodes.push(...keep([await service(name, at)]));
      return nodes;
    };
    const auth = await many('auth', options.auth ?? 1);
    const [chat, notification, signaling] = await together([
      many('chat', options.chat ?? 1),
      many('notification', options.notification ?? 1),
      many('call-signaling', options.signaling ?? 2),
    ]);
    const portOf = ({ url }: ServiceNode): number => Number(new URL(url).port);
    const host = options.host ?? '127.0.0.1';
    const enter = (name: string, nodes: readonly ServiceNode[], asked = 0) =>
      withFreePorts(async () => {
        const port = asked || (await freePort());
        const gateway = await startGateway(
          {
            auth: auth.map(portOf),
            chat: chat.map(portOf),
            notification: notification.map(portOf),
            signaling: nodes.map(portOf),
          },
          { name, config: root('deploy/gateway/haproxy.cfg'), dataDir, logFile, bind: `${host}:${port}` },
        );
        keep([gateway]);
        return { gateway, url: `http://${host}:${port}` };
      });
    const { gateway, url } = await enter('gateway', signaling, options.port);
    const entrances: string[] = [];
    for (const [at, node] of (options.entrances ? signaling : []).entries()) {
      entrances.push((await enter(`gateway-${at + 1}`, [node])).url);
    }
    return {
      url,
      gateway,
      entrances,
      all: started,
      auth,
      chat,
      notification,
      signaling,
      nats: nats.nodes,
      natsMonitors: nats.monitors,
      redis: redis.nodes,
      database: database?.nodes[0],
      natsUrl: (user) => natsUrl(nats.url, user, passwords),
      redisUrl: redis.url,
      mongoUrl,
      logFile,
      [Symbol.asyncDispose]: stopAll,
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** Made from the one secret, so that a restart on kept data finds the same. */
function natsPasswords(secret: string): NatsPasswords {
  // The server reads what a variable holds as configuration: what begins with a digit may be a number to it, and no valid one.
  const derived = (user: string) =>
    `nats-${createHmac('sha256', secret).update(`nats:${user}`).digest('hex')}`;
  return {
    auth: derived('auth'),
    chat: derived('chat'),
    events: derived('events'),
    notification: derived('notification'),
    signaling: derived('signaling'),
  };
}

function natsUrl(hosts: string, service: string, passwords: NatsPasswords): string {
  const user = service === 'call-signaling' ? 'signaling' : (service as keyof NatsPasswords);
  return `nats://${user}:${passwords[user]}@${hosts}`;
}
