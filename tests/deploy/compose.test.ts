import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { authConfig } from '../../services/auth/src/config.ts';
import { signalingConfig } from '../../services/call-signaling/src/config.ts';
import { chatConfig } from '../../services/chat/src/config.ts';
import { notificationConfig } from '../../services/notification/src/config.ts';

const run = promisify(execFile);
const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string) => readFileSync(root(path), 'utf8');

interface Service {
  readonly image?: string;
  readonly build?: { readonly args: { readonly SERVICE: string } };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly healthcheck?: object;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly deploy?: { readonly replicas: number };
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
};
const everything = Object.entries(compose.services);
const services = everything.filter(([, { profiles }]) => !profiles);
const ours = services.filter(([, service]) => service.build);
const schemas = {
  auth: authConfig,
  chat: chatConfig,
  notification: notificationConfig,
  'call-signaling': signalingConfig,
} as const;

describe('docker-compose.yml', () => {
  it('passes its linter', async () => {
    const { stdout } = await run(root('node_modules/.bin/dclint'), [root('docker-compose.yml')]);
    expect(stdout.trim()).toBe('');
  });

  it('has the topology of `npm run cluster`', () => {
    expect(services.map(([name]) => name).sort()).toEqual(
      ['auth', 'call-signaling', 'chat', 'gateway', 'mongo', 'nats', 'notification', 'redis'].sort(),
    );
    expect(ours.map(([name, { build }]) => [name, build?.args.SERVICE])).toEqual(
      ours.map(([name]) => [name, name]),
    );
    expect(compose.services['call-signaling']?.deploy?.replicas).toBe(2);
  });

  it.each(ours)('%s is told nothing that it does not know', (name, { environment = {} }) => {
    const known = Object.keys(schemas[name as keyof typeof schemas].schema.shape);
    expect(Object.keys(environment).filter((variable) => !known.includes(variable))).toEqual([]);
    for (const needed of ['JWT_SECRET', 'MONGO_URL', 'NATS_URL', 'REDIS_URL']) {
      expect(environment).toHaveProperty(needed);
    }
  });

  it('gives each service its own user of NATS, and its server their passwords', () => {
    const users = [...read('deploy/nats/nats.conf').matchAll(/user: (\w+), password: \$(\w+)/g)];
    const urls = ours.map(([, { environment }]) => environment?.NATS_URL ?? '');
    for (const [, user, variable] of users) {
      // `events` is for services of others.
      const served = user === 'events' ? 0 : 1;
      expect(urls.filter((url) => url.startsWith(`nats://${user}:\${${variable}:?`))).toHaveLength(served);
      // Without quotes `12e3f…` were a number to the server, and none that it can read.
      expect(compose.services.nats?.environment?.[String(variable)]).toMatch(/^".*"$/);
    }
    expect(users).toHaveLength(ours.length + 1);
  });

  it('starts databases and brokers so that they keep what was acknowledged', () => {
    const command = (name: string) => compose.services[name]?.command?.join(' ') ?? '';
    expect(command('redis')).toMatch(/^redis-server (.* )?--appendonly yes( |$)/);
    expect(command('nats')).toMatch(/(^| )-js( .*)? -sd \/data( |$)/);
    const set = /^mongod (?:.* )?--replSet (\w+)( |$)/.exec(command('mongo'))?.[1];
    // What is not told of the set would not wait for it.
    expect(set).toBeDefined();
    for (const [name, { environment }] of ours) {
      expect([name, environment?.MONGO_URL]).toEqual([name, expect.stringMatching(`[?&]replicaSet=${set}$`)]);
    }
    const kept = { redis: 'redis-data:/data', nats: 'nats-data:/data', mongo: 'mongo-data:/data/db' };
    for (const [name, volume] of Object.entries(kept)) {
      expect([name, compose.services[name]?.volumes]).toEqual([name, expect.arrayContaining([volume])]);
    }
  });

  it('mounts configuration that is in the repository, to be read only', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) =>
      volumes.filter((volume) => volume.startsWith('./')),
    );
    expect(mounts.length).toBeGreaterThan(2);
    for (const mount of mounts) {
      const [path = '', , mode] = mount.split(':');
      expect([path, existsSync(root(path)), mode]).toEqual([path, true, 'ro']);
    }
  });

  it('publishes the gateway alone, on this machine alone, and keeps databases inside', () => {
    const published = services.filter(([, { ports }]) => ports);
    expect(published.map(([name]) => name)).toEqual(['gateway']);
    expect(published[0]?.[1].ports).toEqual([`127.0.0.1:\${PORT:-3000}:3000`]);
    expect(compose.networks.inner).toEqual({ internal: true });
    const goesOut = ['gateway', 'notification'];
    for (const [name, { networks }] of services) {
      expect([name, networks]).toEqual([name, goesOut.includes(name) ? ['inner', 'outer'] : ['inner']]);
    }
  });

  it('pins every image, asks each for its health, and lets ours write nowhere', () => {
    for (const [name, { image, healthcheck, build, read_only }] of everything) {
      if (build) expect([name, read_only]).toEqual([name, true]);
      else {
        expect([name, image]).toEqual([name, expect.stringMatching(/:\d+\.\d+\.\d+/)]);
        expect([name, typeof healthcheck]).toEqual([name, 'object']);
      }
    }
  });

  it('starts a TURN server only where one is asked for, and none without a secret', () => {
    const wanted = everything.filter(([, { profiles }]) => profiles);
    expect(wanted.map(([name, { profiles }]) => [name, profiles])).toEqual([['coturn', ['turn']]]);
    const command = wanted[0]?.[1].command?.join(' ') ?? '';
    // The shell of the container reads it, not compose: whoever wants no TURN server need not invent a secret.
    expect(command).toContain(`--static-auth-secret="$\${TURN_SECRET:?`);
    for (const variable of ['TURN_URLS', 'TURN_SECRET']) {
      expect(compose.services['call-signaling']?.environment).toHaveProperty(variable);
    }
  });

  it('holds no secret', () => {
    for (const [, { environment = {} }] of everything) {
      for (const [variable, value] of Object.entries(environment)) {
        if (/SECRET|PASSWORD/.test(variable)) expect(value).toMatch(/^"?\$\{\w+:(\?.+|-)\}"?$/);
      }
    }
  });
});
