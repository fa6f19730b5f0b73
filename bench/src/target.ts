import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { io, type Socket } from 'socket.io-client';

const here = fileURLToPath(new URL('../..', import.meta.url));

/** Accounts are made for the measurement; their passwords guard nothing. */
const UNLIMITED = {
  BCRYPT_COST: '4',
  RATE_LIMIT_MESSAGES: 'off',
  RATE_LIMIT_CALLS: 'off',
  SOCKET_EVENT_RATE: 'off',
} as const;

export interface Target {
  readonly url: string;
  stop(): Promise<void>;
}

/** The built all-in-one of a checkout, this one unless said otherwise, as its own process, limits off, on a fresh data folder. */
export async function startTarget(root = here): Promise<Target & { readonly pid: number }> {
  const main = join(root, 'services/all-in-one/dist/main.js');
  const data = await mkdtemp(join(tmpdir(), 'switchboard-bench-'));
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: data,
      LOG_LEVEL: 'error',
      SEED_DEMO: 'false',
      ...UNLIMITED,
      ADMIN_USERNAME: 'root',
      ADMIN_PASSWORD: randomUUID(),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const ready = /ready at (http:\S+)/.exec(output)?.[1];
      if (ready) resolve(ready);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** The services of a checkout as processes, with real NATS, Redis and HAProxy, limits off, on a fresh data folder. */
export async function startClusterTarget(root = here): Promise<Target> {
  const { startCluster } = (await import(
    pathToFileURL(join(root, 'deploy/cluster/src/index.ts')).href
  )) as typeof import('@switchboard/deploy-cluster');
  const data = await mkdtemp(join(tmpdir(), 'switchboard-bench-'));
  const cluster = await startCluster({
    dataDir: data,
    signaling: 2,
    env: {
      JWT_SECRET: randomBytes(32).toString('hex'),
      ADMIN_USERNAME: 'root',
      ADMIN_PASSWORD: randomUUID(),
      ...UNLIMITED,
    },
  });
  return {
    url: cluster.url,
    async stop() {
      await cluster[Symbol.asyncDispose]();
      await rm(data, { recursive: true, force: true });
    },
  };
}

export interface Account {
  readonly id: string;
  readonly token: string;
}

export async function signUpPair(url: string): Promise<[Account, Account]> {
  const signUp = async (): Promise<Account> => {
    const reply = await fetch(`${url}/api/v1/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: `bench-${randomUUID().slice(0, 8)}`, password: randomUUID() }),
    });
    const body = (await reply.json()) as { user: { id: string }; accessToken: string };
    return { id: body.user.id, token: body.accessToken };
  };
  return [await signUp(), await signUp()];
}

export async function connect(url: string, account: Account): Promise<Socket> {
  const socket = io(url, {
    forceNew: true,
    transports: ['websocket'],
    auth: { token: account.token, dialect: 'native' },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('session.connected', () => resolve());
    socket.once('connect_error', reject);
  });
  return socket;
}
