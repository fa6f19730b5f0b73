import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway } from '../../deploy/cluster/src/gateway.ts';
import { freePort, withFreePorts } from '../../packages/processes/src/index.ts';
import { temporaryFolder } from '../harness/server-process.ts';

const run = promisify(execFile);
const deployed = (name: string) => fileURLToPath(new URL(`../../deploy/gateway/${name}`, import.meta.url));
const routing = deployed('haproxy.cfg');
const composed = deployed('backends.compose.cfg');
const present = !process.env.SWITCHBOARD_MISSING_PROGRAMS;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

/** What HAProxy has against the configuration of docker-compose.yml's gateway with these backends. It listens nowhere for that. */
async function faultsOf(backends: string): Promise<readonly string[]> {
  const file = join(folder.path, 'backends.cfg');
  // The names of containers are known between containers alone.
  await writeFile(file, backends.replaceAll(/ [\w-]+:3000 /g, ' 127.0.0.1:3000 '));
  const env = { PATH: process.env.PATH ?? '', GATEWAY_BIND: '0.0.0.0:3000', GATEWAY_ADMIN: '127.0.0.1:8404' };
  const { stdout, stderr } = await run('haproxy', ['-c', '-f', routing, '-f', file], { env }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  const said = (stdout + stderr).split('\n').filter((line) => /^\[(WARNING|ALERT)\]/.test(line));
  // Cookies are made of addresses, of which there is one here.
  return said.filter((line) => !line.includes('two equal cookies for two different servers'));
}

/**
 * Backend → its lines in order. Left out is in what containers and processes differ: where the servers are, and whether a cookie names one by number or by a word made from
 * its address.
 */
function backendsIn(text: string): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  let lines: string[] = [];
  for (const line of text.split('\n').map((each) => each.replace(/#.*/, '').trim())) {
    const [word, name = ''] = line.split(/\s+/);
    if (word === 'backend') found[name] = lines = [];
    else if (word === 'resolvers') lines = [];
    else if (line !== '' && word !== 'dynamic-cookie-key') lines.push(alike(line));
  }
  return Object.fromEntries(Object.entries(found).map(([name, each]) => [name, [...new Set(each)]]));
}

function alike(line: string): string {
  return line
    .replace(/^server-template (\w+) \d+-\d+ [\w-]+:3000 (.*) resolvers docker$/, 'servers $1 $2')
    .replace(/^server ([a-z]+)\d+ 127\.0\.0\.1:\d+ (.*?)( cookie \1\d+)?$/, 'servers $1 $2')
    .replace(/^(cookie .*) dynamic$/, '$1');
}

it.runIf(present)('HAProxy takes what the containers are given, and would say if it did not', async () => {
  const backends = await readFile(composed, 'utf8');
  expect(await faultsOf(backends)).toEqual([]);
  expect((await faultsOf(backends.replace('leastconn', 'lastconn'))).join()).toContain(
    'balance only supports',
  );
});

it.runIf(present)('containers and processes have the same backends', async () => {
  const ports = { auth: [1], chat: [2, 3], notification: [4], signaling: [5, 6] };
  const gateway = await withFreePorts(async () =>
    startGateway(ports, {
      name: 'gateway',
      config: routing,
      dataDir: folder.path,
      logFile: join(folder.path, 'log'),
      bind: `127.0.0.1:${await freePort()}`,
    }),
  );
  await gateway.signal('SIGKILL');
  const [processes, containers] = await Promise.all(
    [join(folder.path, 'gateway.backends.cfg'), composed].map(async (file) =>
      backendsIn(await readFile(file, 'utf8')),
    ),
  );
  expect(Object.keys(containers ?? {})).toEqual([
    'auth',
    'chat',
    'notification',
    'signaling',
    'signaling_sticky',
  ]);
  for (const lines of Object.values(containers ?? {})) {
    expect(lines.at(-1)).toMatch(/^servers \w+ check$/);
  }
  expect(processes).toEqual(containers);
});
