import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dialectOfPath } from '../../../packages/dialects/src/index.ts';
import type { Route } from '../../../packages/service-kit/src/index.ts';
import { type HttpReply, http } from '../../harness/http.ts';
import { logIn, type Person, Stage } from '../../harness/people.ts';
import { allInOne, type Topology } from '../../harness/topology.ts';
import type { Scene } from '../in-scene.ts';
import { mountedRoutes, OPERATORS_ROUTES } from '../mounted.ts';
import { shown, wrongRefusal } from '../refusal-shape.ts';
import { requestFor } from './ask-route.ts';
import { type Cast, castFor, JWT_SECRET, outsiders, sessionOf, withExpiry } from './cast.ts';
import { listen } from './ears.ts';
import { hadCall } from './had-call.ts';
import { ROUTES } from './routes.ts';
import { ACTORS, type Actor } from './rows.ts';

let topology: Topology;
let root: string;
let mounted: readonly Route[];
beforeAll(async () => {
  mounted = await mountedRoutes();
  topology = await allInOne({ JWT_SECRET, RATE_LIMIT_MESSAGES: 'off' });
  root = (await logIn(topology)).token;
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const personOf = (cast: Cast, actor: Actor): Person | undefined =>
  actor === 'anonymous' ? undefined : cast[actor];

function send(
  operation: { method: string; path: string },
  scene: Scene,
  person: Person | undefined,
): Promise<HttpReply> {
  const { method, path, body } = requestFor(operation, scene, person);
  return http(method, topology.url(0) + path, {
    ...(person ? { token: person.token } : {}),
    ...(body === undefined ? {} : { body }),
  });
}

/**
 * What there is to ask for: a room of `creator`, a conversation of `creator` and `member`, a session of `creator`, and a device of `creator`, a webhook or a call
 * where one is asked for.
 */
async function setUp(cast: Cast, path: string): Promise<Scene> {
  const { creator, member, other } = cast;
  const conversationId = `d:${[creator.id, member.id].sort((a, b) => Number(a) - Number(b)).join(':')}`;
  const room = await http('POST', `${topology.url(0)}/api/rooms`, {
    token: creator.token,
    body: { name: `room-${randomUUID()}` },
  });
  const sent = await http('POST', `${topology.url(0)}/api/messages`, {
    token: creator.token,
    body: { to: member.id, content: 'between the two' },
  });
  return {
    me: creator.id,
    other: other.id,
    conversationId,
    messageId: sent.body.message.id,
    sessionId: sessionOf(creator.token),
    roomId: room.body.id,
    ...(path.includes('/calls/:id') ? { callId: await hadCall(topology, cast) } : {}),
    ...(path.includes('/devices/') ? { pushDeviceId: await registerDevice(creator) } : {}),
    ...(path.includes('/webhooks/') ? { webhookId: await makeWebhook() } : {}),
  };
}

async function registerDevice({ token }: Person): Promise<string> {
  const { body } = await http('POST', `${topology.url(0)}/api/v1/devices`, {
    token,
    body: { kind: 'webhook', url: 'https://gateway.example.com/push' },
  });
  return String(body.device.id);
}

async function makeWebhook(): Promise<string> {
  const { body } = await http('POST', `${topology.url(0)}/admin/webhooks`, {
    token: root,
    body: { url: 'https://hooks.example.com/', events: ['call.*'], enabled: false },
  });
  return String(body.webhook.id);
}

/** The like of it that is not there. */
const nowhere = (scene: Scene): Scene => ({
  ...scene,
  other: '987654321',
  conversationId: 'd:987654321:987654322',
  messageId: randomUUID(),
  sessionId: randomUUID(),
  callId: randomUUID(),
  roomId: '987654321',
  webhookId: randomUUID(),
  pushDeviceId: randomUUID(),
});

describe('the table of routes', () => {
  it('lists every route that is mounted, and none that is not', () => {
    const served = [...mounted.map(nameOf), ...OPERATORS_ROUTES.map((path) => `get ${path}`)].sort();
    expect([...ROUTES.keys()].sort()).toEqual(served);
  });

  it('says what the routes say of themselves', () => {
    for (const route of mounted) {
      const { row } = ROUTES.get(nameOf(route)) ?? {};
      if (!row || route.access === 'anonymous') continue;
      expect([nameOf(route), row.anonymous, row.expired, row.banned]).toEqual([nameOf(route), 401, 401, 401]);
      const admins = row.admin === 'yes' && row.creator === 403;
      expect([nameOf(route), admins]).toEqual([nameOf(route), route.access === 'admin']);
    }
  });

  it('takes a token for expired that would be good if it were not', async () => {
    const cast = await castFor(topology, await outsiders(topology, root));
    const ask = (token: string) => http('GET', `${topology.url(0)}/api/v1/me`, { token });
    expect((await ask(withExpiry(cast.expired.token, 60))).status).toBe(200);
    expect((await ask(cast.expired.token)).status).toBe(401);
  });
});

describe('every route, asked by', () => {
  it.each([...ROUTES])('%s', async (name, { row, hidden }) => {
    const [method = '', path = ''] = name.split(' ');
    const operation = { method, path };
    const dialect = dialectOfPath(method, path);
    const cast = await castFor(topology, await outsiders(topology, root));
    const scene = await setUp(cast, path);
    await using stage = new Stage(topology);
    const bell = await stage.native(cast.other);
    const ears = listen(
      stage,
      bell,
      [cast.stranger, cast.member, cast.creator, cast.caller, cast.callee],
      [],
    );
    await ears.heard();

    const wrong: string[] = [];
    const cell = async (actor: Actor) => {
      const { status, body } = await send(operation, scene, personOf(cast, actor));
      const said = status < 400 ? 'yes' : status;
      if (said !== row[actor]) wrong.push(`${actor}: ${said} instead of ${row[actor]}: ${shown(body)}`);
      const misshapen = status < 400 ? undefined : wrongRefusal(dialect, body);
      if (misshapen) wrong.push(`${actor}: ${misshapen}`);
    };
    for (const actor of ACTORS) if (row[actor] !== 'yes') await cell(actor);

    // Nothing of it was done.
    expect(await ears.heard()).toEqual([]);
    // And nobody learned what is there.
    if (path.includes(':')) {
      for (const actor of ['anonymous', ...(hidden ? (['stranger'] as const) : [])] as const) {
        if (row[actor] === 'yes') continue;
        const [there, not] = await Promise.all(
          [scene, nowhere(scene)].map((asked) => send(operation, asked, personOf(cast, actor))),
        );
        expect([actor, not?.status, not?.body]).toEqual([actor, there?.status, there?.body]);
      }
    }
    for (const actor of ACTORS) if (row[actor] === 'yes') await cell(actor);
    expect(wrong).toEqual([]);
  });
});
