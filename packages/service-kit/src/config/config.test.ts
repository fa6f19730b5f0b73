import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { commonConfig } from './common-config.ts';
import { ConfigError } from './config-error.ts';
import { defineConfig } from './define-config.ts';
import { fields } from './fields.ts';
import { redacted } from './redacted.ts';

const SECRET = '0f9a7c51d2e84b36a1c0d9e8f7b6a5c4';

function problemsOf(parse: () => unknown): ConfigError {
  try {
    parse();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('fields', () => {
  const read = <T>(field: z.ZodType<T>, value?: string) => defineConfig({ X: field }).parse({ X: value }).X;

  it.each([
    ['0', 0],
    ['65535', 65_535],
    [undefined, 3000],
    ['', 3000],
  ])('port %j → %j', (value, expected) => expect(read(fields.port(), value)).toBe(expected));

  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['15m', 900_000],
    ['24h', 86_400_000],
    ['30d', 2_592_000_000],
    [undefined, 60_000],
  ])('duration %j → %j', (value, expected) => expect(read(fields.duration('1m'), value)).toBe(expected));

  it.each([
    ['5/15m', { points: 5, windowMs: 900_000 }],
    ['off', 'off'],
    [undefined, { points: 100, windowMs: 60_000 }],
  ])('rate %j → %j', (value, expected) => expect(read(fields.rate('100/1m'), value)).toEqual(expected));

  it.each([
    ['a, b,,c ', ['a', 'b', 'c']],
    [undefined, []],
  ])('csv %j → %j', (value, expected) => expect(read(fields.csv(), value)).toEqual(expected));

  it.each([
    ['https://a.example/, http://B.example:8080', ['https://a.example', 'http://b.example:8080']],
    ['*', '*'],
    [undefined, []],
  ])('origins %j → %j', (value, expected) => expect(read(fields.origins(), value)).toEqual(expected));

  it.each([
    ['true', true],
    ['1', true],
    ['Off', false],
    [undefined, false],
  ])('boolean %j → %j', (value, expected) => expect(read(fields.boolean(false), value)).toBe(expected));

  it.each([
    ['port', fields.port(), '65536'],
    ['port', fields.port(), '-1'],
    ['port', fields.port(), '80.5'],
    ['port', fields.port(), '0x50'],
    ['duration', fields.duration('1m'), '30'],
    ['duration', fields.duration('1m'), 'soon'],
    ['rate', fields.rate('1/1m'), '0/1m'],
    ['rate', fields.rate('1/1m'), '5/0s'],
    ['rate', fields.rate('1/1m'), '5 per minute'],
    ['origins', fields.origins(), 'https://a.example/path'],
    ['origins', fields.origins(), 'a.example'],
    ['boolean', fields.boolean(false), 'maybe'],
    ['url', fields.url(), 'mongodb://localhost'],
    ['secret', fields.secret(), 'short'],
    ['secret', fields.secret(), 'change-me-please-change-me-please'],
    ['text', fields.text('x'), '   '],
  ])('%s refuses %#', (_, field, value) => {
    const { problems } = problemsOf(() => read(field as z.ZodType<unknown>, value));
    expect(problems).toHaveLength(1);
    expect(problems[0]?.variable).toBe('X');
    expect(problems[0]?.problem).toMatch(/^must be /);
    expect(problems[0]?.problem).not.toContain(`"${value}"`);
  });

  it('takes several hosts in one URL', () => {
    const url = 'mongodb://a:27017,b:27017/chat?replicaSet=rs0';
    expect(read(fields.url({ schemes: ['mongodb'] }), url)).toBe(url);
  });
});

describe('defineConfig', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'config-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('fills in what is not set', () => {
    const config = defineConfig(commonConfig).parse({ JWT_SECRET: SECRET });
    expect({ ...config }).toEqual({
      NODE_ENV: 'development',
      LOG_LEVEL: 'info',
      HOST: '127.0.0.1',
      PORT: 3000,
      CLIENT_URL: [],
      TRUST_PROXY: false,
      NATS_REPLICAS: 1,
      JWT_SECRET: SECRET,
      DRAIN_DELAY: 2_000,
      ACCESS_TOKEN_TTL: 86_400_000,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reads nothing but the env it is given', () => {
    process.env.PORT_OF_THIS_TEST = '1';
    try {
      expect(defineConfig({ PORT_OF_THIS_TEST: fields.port(9) }).parse({}).PORT_OF_THIS_TEST).toBe(9);
    } finally {
      delete process.env.PORT_OF_THIS_TEST;
    }
  });

  it('reports every problem at once, by name and remedy, without any value', () => {
    const env = {
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      JWT_SECRET: 'tooshort-s3cr3t',
      ACCESS_TOKEN_TTL: 'forever',
      MONGO_URL: 'http://root:hunter2@db',
      NATS_URL_FILE: join(dir, 'missing'),
    };
    const error = problemsOf(() => defineConfig(commonConfig).parse(env));
    expect(error.problems.map(({ variable }) => variable).sort()).toEqual(
      ['ACCESS_TOKEN_TTL', 'JWT_SECRET', 'LOG_LEVEL', 'MONGO_URL', 'NATS_URL', 'PORT'].sort(),
    );
    expect(error.message).toContain('PORT must be a whole number from 0 to 65535');
    expect(error.message).toContain('JWT_SECRET must be a secret of at least 32 random bytes');
    for (const value of ['eighty', 'loud', 's3cr3t', 'forever', 'hunter2']) {
      expect(error.message).not.toContain(value);
    }
  });

  it('says that a secret is missing', () => {
    const { message } = problemsOf(() => defineConfig(commonConfig).parse({}));
    expect(message).toContain('JWT_SECRET is missing; it must be a secret');
  });

  it('reads NAME_FILE, without the line end', () => {
    const path = join(dir, 'secret');
    writeFileSync(path, `${SECRET}\n`);
    const host = join(dir, 'host');
    writeFileSync(host, '0.0.0.0\r\n');
    const config = defineConfig(commonConfig).parse({ JWT_SECRET_FILE: path, HOST_FILE: host });
    expect(config.JWT_SECRET).toBe(SECRET);
    expect(config.HOST).toBe('0.0.0.0');
  });

  it('takes MONGO_URI for MONGO_URL and refuses two answers', () => {
    const url = 'mongodb://db/chat';
    const parse = (env: Record<string, string>) => defineConfig(commonConfig).parse(env);
    expect(parse({ JWT_SECRET: SECRET, MONGO_URI: url }).MONGO_URL).toBe(url);
    expect(parse({ JWT_SECRET: SECRET, MONGO_URI: url, MONGO_URL: url }).MONGO_URL).toBe(url);
    const both = { JWT_SECRET: SECRET, MONGO_URI: url, MONGO_URL: 'mongodb://other/chat' };
    const { message } = problemsOf(() => parse(both));
    expect(message).toContain('MONGO_URL is set twice, by MONGO_URL and MONGO_URI');
    expect(message).not.toContain('other');
  });

  it('warns of settings that look like ours and are not', () => {
    const warnings: string[] = [];
    const shape = { SWITCHBOARD_NODE: fields.text('a') };
    const env = { SWITCHBOARD_NODE: 'b', SWITCHBOARD_NODE_FILE: '', SWITCHBOARD_PROT: '1', OTHER: 'x' };
    defineConfig(shape).parse(env, { warn: (message) => void warnings.push(message) });
    expect(warnings).toEqual(['SWITCHBOARD_PROT is not a known setting; it is ignored']);
  });

  it('shows settings without secrets and URL passwords', () => {
    const config = defineConfig({
      ...commonConfig,
      SALT: fields.secret().optional(),
      TURN_URLS: fields.csv(),
      REQUIRE_HANDSHAKE_TOKEN: fields.boolean(true),
    }).parse({
      JWT_SECRET: SECRET,
      SALT: `salt-${SECRET}`,
      MONGO_URL: 'mongodb://root:hunter2@db/chat',
      TURN_URLS: 'turn://user:hunter3@turn.example',
    });
    const shown = redacted(config);
    expect(shown).toMatchObject({
      JWT_SECRET: '[hidden]',
      SALT: '[hidden]',
      MONGO_URL: 'mongodb://[hidden]@db/chat',
      TURN_URLS: ['turn://[hidden]@turn.example'],
      REQUIRE_HANDSHAKE_TOKEN: true,
      PORT: 3000,
    });
    expect(JSON.stringify(shown)).not.toMatch(/hunter|0f9a7c51/);
    expect(redacted({ ...config }).JWT_SECRET).toBe('[hidden]');
  });
});
