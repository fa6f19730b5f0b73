import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Servers, startNats } from '../../deploy/cluster/src/servers.ts';
import { PARTITIONS } from '../../packages/client/src/event-stream/subjects.ts';
import { type NatsUser, natsUser } from './nats-user.ts';

const config = fileURLToPath(new URL('../../deploy/nats/nats.conf', import.meta.url));
const USERS = ['auth', 'chat', 'events', 'notification', 'signaling'] as const;
type User = (typeof USERS)[number];
const SERVICES = ['auth', 'chat', 'notification', 'signaling'] as const;
/** Those that follow events, with consumers that they make. */
const FOLLOWERS: readonly User[] = ['notification', 'signaling'];
const DURABLES = ['signaling-delivery', 'notification', 'call-records', 'call-closed-accounts'];
const STREAMS = ['AUTH', 'CHAT', 'CALLS'];
const word = (user: string) => `nats-${user}-password`;
const missing = Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS);

let dataDir: string;
let nats: Servers;
let clients: Readonly<Record<User, NatsUser>>;
let port: number;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'switchboard-nats-permissions-'));
  const passwords = Object.fromEntries(USERS.map((user) => [user, word(user)])) as Record<User, string>;
  nats = await startNats(1, { config, passwords, dataDir, logFile: join(dataDir, 'log') });
  port = Number(nats.url.split(':')[1]);
  const all = await Promise.all(USERS.map(async (user) => [user, await natsUser(port, user, word(user))]));
  clients = Object.fromEntries(all) as Record<User, NatsUser>;
}, 60_000);

afterAll(async () => {
  for (const client of Object.values(clients ?? {})) await client[Symbol.asyncDispose]();
  for (const node of nats?.nodes ?? []) await node.signal('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

const whoMay = async (verb: 'mayPublish' | 'maySubscribe', subject: string): Promise<readonly User[]> => {
  const may: User[] = [];
  for (const user of USERS) if (await clients[user][verb](subject)) may.push(user);
  return may;
};

describe.skipIf(missing)('who may hear', () => {
  it.each<[subject: string, users: readonly User[]]>([
    // What a user is answered, that user alone, and none by way of a wildcard.
    ...USERS.map((user): [string, User[]] => [`_INBOX_${user}.>`, [user]]),
    ...USERS.map((user): [string, User[]] => [`_INBOX_${user}.a.b`, [user]]),
    ['_INBOX.>', []],
    ['_INBOX.a.b', []],
    ['_INBOX_auth', []],
    ['>', []],
    ['*.>', []],
    ['notice.>', SERVICES],
    ['notice.all', SERVICES],
    // Whoever listens to another's requests could answer them.
    ...SERVICES.map((user): [string, User[]] => [`rpc.${user}.anything`, [user]]),
    ['rpc.>', []],
    // Events are read through consumers.
    ...['auth.>', 'chat.message.created.p1', 'call.ended.*', 'dead.>'].map((each): [string, User[]] => [
      each,
      [],
    ]),
    ['$JS.>', []],
    ['$JS.API.>', []],
    ['$JS.EVENT.ADVISORY.>', []],
    ['$SYS.>', []],
  ])('%s: %j', async (subject, users) => {
    expect(await whoMay('maySubscribe', subject)).toEqual(users);
  });
});

describe.skipIf(missing)('who may say', () => {
  it.each<[subject: string, users: readonly User[]]>([
    // Nobody answers who was not asked.
    ...USERS.map((user): [string, User[]] => [`_INBOX_${user}.a.b`, []]),
    ['_INBOX.a.b', []],
    ['notice.all', SERVICES],
    ['auth.user.banned.p1', ['auth']],
    ['auth.session.revoked.p1', ['auth']],
    ['chat.message.created.p1', ['chat']],
    ['call.ended.p1', ['signaling']],
    ['call.pushed.p1', ['notification', 'signaling']],
    ['dead.notification.call.ended', FOLLOWERS],
    ['rpc.auth.session.check', SERVICES],
    ['rpc.chat.anything', FOLLOWERS],
    ['rpc.signaling.anything', ['chat', 'notification']],
    ['rpc.notification.anything', ['signaling']],
    ['$JS.API.STREAM.INFO.AUTH', ['auth', ...FOLLOWERS]],
    ['$JS.API.STREAM.CREATE.CHAT', ['chat', ...FOLLOWERS]],
    ['$JS.API.STREAM.CREATE.CALLS', FOLLOWERS],
    ['$JS.API.STREAM.CREATE.DEAD', FOLLOWERS],
    // What would lose or change what others rely on is nobody's.
    ...STREAMS.flatMap((stream) =>
      ['UPDATE', 'DELETE', 'PURGE', 'MSG.DELETE', 'MSG.GET', 'SNAPSHOT', 'RESTORE'].map(
        (verb): [string, User[]] => [`$JS.API.STREAM.${verb}.${stream}`, []],
      ),
    ),
    ['$JS.API.DIRECT.GET.CHAT', []],
    ['$JS.API.STREAM.CREATE.OTHER', []],
    ['$JS.API.STREAM.LIST', []],
    ['$JS.API.CONSUMER.NAMES.CHAT', []],
    ['$JS.API.CONSUMER.DELETE.CHAT.archive-p1', []],
    ['$JS.API.CONSUMER.DELETE.CHAT.notification-p1', []],
    ['$JS.API.CONSUMER.PAUSE.CHAT.notification-p1', []],
    ['$JS.API.CONSUMER.RESET.CHAT.notification-p1', []],
    ['$JS.API.CONSUMER.UNPIN.CHAT.notification-p1', []],
    ['$SYS.REQ.SERVER.PING', []],
    // Consumers of others' making: `events` has to name them in the subject, where it is seen whose they are.
    ...STREAMS.flatMap((stream): [string, readonly User[]][] => [
      [`$JS.API.CONSUMER.CREATE.${stream}`, FOLLOWERS],
      [`$JS.API.CONSUMER.DURABLE.CREATE.${stream}.archive-p1`, FOLLOWERS],
      [`$JS.API.CONSUMER.INFO.${stream}.archive-p1`, ['events', ...FOLLOWERS]],
      [`$JS.API.CONSUMER.CREATE.${stream}.archive-p1`, ['events', ...FOLLOWERS]],
      [`$JS.API.CONSUMER.CREATE.${stream}.archive-p1.chat.*.*.p1`, ['events', ...FOLLOWERS]],
      [`$JS.API.CONSUMER.MSG.NEXT.${stream}.archive-p1`, ['events', ...FOLLOWERS]],
      [`$JS.ACK.${stream}.archive-p1.1.1.1.1.0`, ['events', ...FOLLOWERS]],
    ]),
    ['$JS.API.CONSUMER.CREATE.DEAD.archive', FOLLOWERS],
    ['$JS.API.CONSUMER.MSG.NEXT.DEAD.archive', FOLLOWERS],
  ])('%s: %j', async (subject, users) => {
    expect(await whoMay('mayPublish', subject)).toEqual(users);
  });

  it.each(DURABLES)(
    'to the consumers of %s: not `events`, neither to take nor to acknowledge',
    async (durable) => {
      const asked = STREAMS.flatMap((stream) =>
        Array.from({ length: PARTITIONS }, (_, partition) => `${durable}-p${partition}`).flatMap((name) => [
          `$JS.API.CONSUMER.INFO.${stream}.${name}`,
          `$JS.API.CONSUMER.CREATE.${stream}.${name}`,
          `$JS.API.CONSUMER.CREATE.${stream}.${name}.chat.*.*.p1`,
          `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${name}`,
          `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`,
          `$JS.API.CONSUMER.DELETE.${stream}.${name}`,
          `$JS.ACK.${stream}.${name}.1.1.1.1.0`,
          `$JS.ACK._.hash.${stream}.${name}.1.1.1.1.0`,
        ]),
      );
      const through: string[] = [];
      for (const subject of asked) if (await clients.events.mayPublish(subject)) through.push(subject);
      expect(through).toEqual([]);
      for (const user of FOLLOWERS) {
        expect([
          user,
          await clients[user].mayPublish(`$JS.API.CONSUMER.MSG.NEXT.CHAT.${durable}-p0`),
        ]).toEqual([user, true]);
      }
    },
  );
});

it.skipIf(missing)('whoever was asked answers once, wherever the asking one listens', async () => {
  await using asked = await natsUser(port, 'auth', word('auth'));
  expect(await asked.maySubscribe('rpc.auth.question')).toBe(true);
  for (const user of ['chat', 'notification', 'signaling'] as const) {
    const inbox = `_INBOX_${user}.question`;
    expect(await clients[user].mayPublish('rpc.auth.question', inbox)).toBe(true);
    expect(await asked.mayPublish(inbox)).toBe(true);
    expect(await asked.mayPublish(inbox)).toBe(false);
  }
});

it.skipIf(missing)(
  'whoever was asked before it lost its connection may not answer by the next: the asker hears of a timeout, as of any answer that is lost',
  async () => {
    const asked = await natsUser(port, 'chat', word('chat'));
    expect(await asked.maySubscribe('rpc.chat.question')).toBe(true);
    const inbox = '_INBOX_signaling.later';
    expect(await clients.signaling.mayPublish('rpc.chat.question', inbox)).toBe(true);
    await asked[Symbol.asyncDispose]();
    await using back = await natsUser(port, 'chat', word('chat'));
    expect(await back.mayPublish(inbox)).toBe(false);
  },
);
