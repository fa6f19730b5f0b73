import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster } from './start-cluster.ts';

const USAGE = `npm run cluster -- [options]: auth, chat, notification and signaling nodes as processes behind HAProxy, on NATS, Redis and a database
  --signaling N        signaling nodes (2)
  --auth N, --chat N, --notification N
                       instances of these (1)
  --nats 1|3           NATS servers (1)
  --redis single|cluster
  --port P             of the gateway (3000; 0: a free one)
MONGO_URL names a database that runs already; without it the embedded one runs as a process of its own.
DATA_DIR (./data/cluster) holds the data, the log and the generated secrets. Other settings reach the services as they are.`;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function count(value: string, name: string, max: number, min = 1): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) fail(`--${name} must be ${min} to ${max}`);
  return number;
}

function options() {
  try {
    return parseArgs({
      options: {
        signaling: { type: 'string', default: '2' },
        auth: { type: 'string', default: '1' },
        chat: { type: 'string', default: '1' },
        notification: { type: 'string', default: '1' },
        nats: { type: 'string', default: '1' },
        redis: { type: 'string', default: 'single' },
        port: { type: 'string', default: process.env.PORT ?? '3000' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

/** Made at the first start and kept beside the data, readable by its owner alone. */
function secrets(dataDir: string): { JWT_SECRET: string; ADMIN_PASSWORD: string } {
  const file = join(dataDir, 'cluster-secrets.json');
  mkdirSync(dataDir, { recursive: true });
  if (!existsSync(file)) {
    const made = {
      JWT_SECRET: randomBytes(48).toString('base64url'),
      ADMIN_PASSWORD: randomBytes(15).toString('base64url'),
    };
    writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  }
  chmodSync(file, 0o600);
  return JSON.parse(readFileSync(file, 'utf8'));
}

const given = options();
if (given.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
if (given.nats !== '1' && given.nats !== '3') fail('--nats must be 1 or 3');
if (given.redis !== 'single' && given.redis !== 'cluster') fail('--redis must be single or cluster');

const dataDir = resolve(process.env.DATA_DIR ?? './data/cluster');
const { MONGO_URL, PORT: _, DATA_DIR: __, ...environment } = process.env;
const own = Object.fromEntries(
  Object.entries(environment).filter((entry): entry is [string, string] =>
    /^[A-Z][A-Z0-9_]*$/.test(entry[0]),
  ),
);
const made = secrets(dataDir);
const env = { SEED_DEMO: 'true', ...made, ...own };

const cluster = await startCluster({
  dataDir,
  signaling: count(given.signaling, 'signaling', 16),
  auth: count(given.auth, 'auth', 8),
  chat: count(given.chat, 'chat', 8),
  notification: count(given.notification, 'notification', 8),
  nats: given.nats === '3' ? 3 : 1,
  redis: given.redis,
  port: count(given.port, 'port', 65_535, 0),
  ...(MONGO_URL ? { mongoUrl: MONGO_URL } : {}),
  env,
  onStarted: (name) => process.stdout.write(`  ${name}\n`),
}).catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));

process.stdout.write(`
  Switchboard is ready at ${cluster.url}

    Processes      ${cluster.all.map(({ name, pid }) => `${name} ${pid}`).join('  ')}
    Data and log   ${dataDir}
    Demo log-ins   alice / password123    bob / password123
    Admin log-in   admin / ${env.ADMIN_PASSWORD}

    Kill any of them and watch; Ctrl-C stops all.

`);

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Told twice: whatever still runs is cut off.
    if (stopping) {
      for (const { pid, running } of cluster.all) if (running) process.kill(pid, 'SIGKILL');
      process.exit(1);
    }
    stopping = true;
    void cluster[Symbol.asyncDispose]().then(() => process.exit(0));
  });
}
