import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@switchboard/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allInOneConfig, readConfig } from './config.ts';

const repository = new URL('../../../', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, repository), 'utf8');

/** `#NAME=value` lines of the example file. */
function exampleSettings(): Map<string, string> {
  return new Map(
    [...read('.env.example').matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}

/** What depends on the machine or on NODE_ENV has no default to write down. */
const WITHOUT_DEFAULT = new Set(['SEED_DEMO', 'PASSWORD_THREADS', 'JWT_SECRET']);
const secret = 'k'.repeat(64);

describe('what the documents say of the configuration', () => {
  it('.env.example names every variable, no other, each with its default', () => {
    const example = exampleSettings();
    expect([...example.keys()].sort()).toEqual(Object.keys(allInOneConfig.schema.shape).sort());
    const defaults = allInOneConfig.parse({ JWT_SECRET: secret }) as Record<string, unknown>;
    const written = allInOneConfig.parse({ ...Object.fromEntries(example), JWT_SECRET: secret });
    for (const [name, value] of Object.entries(written)) {
      expect(value, name).toEqual(defaults[name]);
      // A default that is left out of the example would pass the comparison above.
      if (WITHOUT_DEFAULT.has(name) || defaults[name] === undefined) continue;
      if (Array.isArray(defaults[name]) && defaults[name].length === 0) continue;
      expect(example.get(name), `${name} has a default`).not.toBe('');
    }
  });

  it('the table of the README repeats the example file', () => {
    const example = exampleSettings();
    const rows = [...read('README.md').matchAll(/^\| `([A-Z][A-Z0-9_]*)` \| (?:`([^`]*)`)?/gm)];
    expect(rows.length).toBeGreaterThan(15);
    for (const [, name = '', value = ''] of rows) expect([name, value]).toEqual([name, example.get(name)]);
  });
});

describe('readConfig', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('makes a secret of its own once, for the owner alone, and keeps it', () => {
    const first = readConfig({ DATA_DIR: folder });
    expect(first.JWT_SECRET.length).toBeGreaterThanOrEqual(43);
    expect(readConfig({ DATA_DIR: folder }).JWT_SECRET).toBe(first.JWT_SECRET);
    expect(statSync(join(folder, 'development-secrets.json')).mode & 0o777).toBe(0o600);
    expect(first.SEED_DEMO).toBe(true);
  });

  it('says what to do about a damaged file of secrets', () => {
    writeFileSync(join(folder, 'development-secrets.json'), '{"JWT_SEC');
    expect(() => readConfig({ DATA_DIR: folder })).toThrow(/damaged: delete it/);
  });

  it.each([
    ['no secret in production', { NODE_ENV: 'production' }, /JWT_SECRET/],
    [
      'demo users in production',
      { NODE_ENV: 'production', JWT_SECRET: secret, SEED_DEMO: 'true' },
      /SEED_DEMO/,
    ],
    [
      'half a cluster',
      { REDIS_URL: 'redis://127.0.0.1', NATS_URL: 'nats://127.0.0.1' },
      /NATS_URL, REDIS_URL/,
    ],
    ['a database alone, by its other name', { MONGO_URI: 'mongodb://127.0.0.1' }, /MONGO_URL/],
    ['half of Jitsi', { JITSI_APP_ID: 'app' }, /JITSI_APP_SECRET/],
  ])('refuses %s', (_, env, message) => {
    expect(() => readConfig({ DATA_DIR: folder, ...env })).toThrow(ConfigError);
    expect(() => readConfig({ DATA_DIR: folder, ...env })).toThrow(message);
  });

  it('takes an empty variable for an absent one', () => {
    expect(readConfig({ DATA_DIR: folder, SEED_DEMO: '', NODE_ENV: '', JWT_SECRET: '' }).SEED_DEMO).toBe(
      true,
    );
  });
});
