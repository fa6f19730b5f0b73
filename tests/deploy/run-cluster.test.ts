import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDatabase } from '../../deploy/cluster/src/servers.ts';
import { type Child, startChild } from '../../packages/processes/src/index.ts';
import { http } from '../harness/http.ts';
import { temporaryFolder } from '../harness/server-process.ts';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const PEOPLE = { alice: 'password123', 'kept-over-restarts': 'a password of their own' };

/** What `npm run cluster` runs once everything is built. */
function launch(dataDir: string, flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return startChild({
    name: 'npm run cluster',
    command: process.execPath,
    args: ['--import', import.meta.resolve('tsx'), root('deploy/cluster/src/main.ts'), ...flags],
    env: { DATA_DIR: dataDir, BCRYPT_COST: '4', ...env },
    ready: (printed) => printed.includes('Ctrl-C stops all'),
    readyWithinMs: 120_000,
  });
}

/** What it tells whoever started it. */
function toldBy(main: Child) {
  const told = (what: RegExp) => what.exec(main.output())?.[1] ?? '';
  const words = told(/Processes +(.+)/).split(/\s+/);
  const processes = words
    .filter((_, at) => at % 2 === 0)
    .map((name, at) => ({ name, pid: Number(words[2 * at + 1]) }));
  return { url: told(/ready at (http:\S+)/), password: told(/Admin log-in +admin \/ (\S+)/), processes };
}

const logIn = (url: string, username: string, password: string) =>
  http('POST', `${url}/api/auth/login`, { body: { username, password } });
const me = (url: string, token: string) => http('GET', `${url}/api/v1/me`, { token });

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const started: Child[] = [];
const keep = (child: Child): Child => {
  started.push(child);
  return child;
};
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  // Innermost last: it ends what it started.
  for (const child of started.reverse()) await child.stop();
  await folder.remove();
}, 90_000);

// `npm test` says loudly what it leaves out for want of a program, and `.ci/run` does not accept it.
describe.runIf(!process.env.SWITCHBOARD_MISSING_PROGRAMS)('npm run cluster', () => {
  it('serves by the gateway, ends all it started when told to, and goes on with what it kept', async () => {
    const dataDir = join(folder.path, 'kept');
    const flags = ['--signaling', '1', '--port', '0'];
    const first = keep(await launch(dataDir, flags));
    const before = toldBy(first);
    expect(before.processes.map(({ name }) => name).sort()).toEqual(
      [
        'auth-1',
        'call-signaling-1',
        'chat-1',
        'database',
        'gateway',
        'nats-1',
        'notification-1',
        'redis-1',
      ].sort(),
    );
    expect((await http('GET', `${before.url}/readyz`)).status).toBe(200);
    const registered = await http('POST', `${before.url}/api/v1/auth/register`, {
      body: {
        username: 'kept-over-restarts',
        password: PEOPLE['kept-over-restarts'],
        email: 'kept@example.test',
        name: 'Kept',
      },
    });
    expect(registered.status).toBe(201);
    // Who has the secrets may be anybody.
    expect(statSync(join(dataDir, 'cluster-secrets.json')).mode & 0o777).toBe(0o600);
    expect(await first.stop(60_000)).toBe(0);
    expect(before.processes.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([]);

    const second = keep(await launch(dataDir, flags));
    const after = toldBy(second);
    expect((await http('GET', `${after.url}/readyz`)).status).toBe(200);
    for (const [username, password] of Object.entries(PEOPLE)) {
      expect([username, (await logIn(after.url, username, password)).status]).toEqual([username, 200]);
    }
    // Signed before, believed after.
    expect((await me(after.url, registered.body.accessToken)).body.user.username).toBe('kept-over-restarts');
    expect(after.password).toBe(before.password);
    expect((await logIn(after.url, 'admin', after.password)).status).toBe(200);
    expect(await second.stop(60_000)).toBe(0);
  }, 180_000);

  it('uses the database that MONGO_URL names, and as many of each as asked', async () => {
    const dataDir = join(folder.path, 'elsewhere');
    const database = await startDatabase(
      root('packages/embedded-mongo/dist/main.js'),
      folder.path,
      join(folder.path, 'log'),
    );
    for (const node of database.nodes) keep(node);
    const main = keep(await launch(dataDir, ['--port', '0', '--chat', '2'], { MONGO_URL: database.url }));
    const { url, processes } = toldBy(main);
    expect(processes.map(({ name }) => name).sort()).toEqual(
      [
        'auth-1',
        'call-signaling-1',
        'call-signaling-2',
        'chat-1',
        'chat-2',
        'gateway',
        'nats-1',
        'notification-1',
        'redis-1',
      ].sort(),
    );
    expect((await logIn(url, 'alice', PEOPLE.alice)).status).toBe(200);
    // There is no other.
    expect(existsSync(join(dataDir, 'database'))).toBe(false);
    expect(await main.stop(60_000)).toBe(0);
  }, 180_000);

  it.each([
    [['--nats', '2'], '--nats must be 1 or 3'],
    [['--redis', 'many'], '--redis must be single or cluster'],
    [['--signaling', '0'], '--signaling must be 1 to 16'],
    [['--chat', 'two'], '--chat must be 1 to 8'],
    [['--port', 'web'], '--port must be 0 to 65535'],
    [['--nodes', '3'], "Unknown option '--nodes'"],
  ])('refuses %j in a sentence', async (flags, words) => {
    const refusal = launch(join(folder.path, 'refused'), flags);
    await expect(refusal).rejects.toThrow(words);
    await expect(refusal).rejects.not.toThrow(/\n\s+at /);
    expect(existsSync(join(folder.path, 'refused', 'cluster.log'))).toBe(false);
  });
});
