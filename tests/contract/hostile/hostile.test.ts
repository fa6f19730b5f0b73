import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dialect, dialects } from '../../../packages/dialects/src/index.ts';
import type { Command } from '../../../packages/protocol/src/index.ts';
import { http } from '../../harness/http.ts';
import { logIn, type Person, register, Stage } from '../../harness/people.ts';
import { freePort, type RunningServer, startServer, temporaryFolder } from '../../harness/server-process.ts';
import { SCENARIO_SETTINGS, type Topology } from '../../harness/topology.ts';
import { wayTo } from '../authorization/ask-event.ts';
import { inScene, type Scene } from '../in-scene.ts';
import { mountedRoutes, OPERATORS_ROUTES } from '../mounted.ts';
import { shown, wrongRefusalAt } from '../refusal-shape.ts';
import { eventCases } from './event-cases.ts';
import { FrameSocket } from './frame-socket.ts';
import { HostileSocket } from './hostile-socket.ts';
import { type HttpCase, httpCases } from './http-cases.ts';
import { HttpSender } from './http-sender.ts';
import { inFlight } from './in-flight.ts';
import { brokenRequests, engineFrames, sendBytes, sendFrames, sendPoll } from './raw-frames.ts';
import { type Lap, ServerWatch } from './server-watch.ts';

/** The same cases every time, unless told otherwise: a number, or `random`. */
const asked = process.env.SWITCHBOARD_FUZZ_SEED ?? '20250925';
const SEED = asked === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(asked);
const CASES = Number(process.env.SWITCHBOARD_FUZZ_CASES ?? 50_000);
const MAX_STALL_MS = 200;
/** What V8 may use: whoever keeps what clients send runs into it and ends. */
const HEAP_MIB = 320;
const LAP = 125;

const operations = [
  ...(await mountedRoutes()).map(({ method, path, access }) => ({ method, path, access: access as Access })),
  // And what nobody mounted, and the web client.
  ...[...OPERATORS_ROUTES, '/', '/nowhere', '/api/nowhere/'].map((path) => ({
    method: 'get',
    path,
    access: 'anonymous' as Access,
  })),
];
type Access = 'anonymous' | 'user' | 'admin';
const events = [...dialects.values()].flatMap((dialect) =>
  [...dialect.inbound.keys()].map((event) => ({ dialect, event })),
);
const PER = Math.ceil((CASES * 0.94) / (operations.length + events.length));
const RAW = Math.ceil(CASES * 0.03);

let topology: Topology;
let server: RunningServer;
let watch: ServerWatch;
let sender: HttpSender;
let admin: string;
let user: Person;
let done = 0;
let worst: Lap = { stalledMs: 0, waitedMs: 0, heapBytes: 0 };
let exited = false;

beforeAll(async () => {
  const data = await temporaryFolder();
  server = await startServer({
    ...SCENARIO_SETTINGS,
    DATA_DIR: data.path,
    PORT: String(await freePort()),
    LOG_LEVEL: 'error',
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
    RATE_LIMIT_MESSAGES: 'off',
    RATE_LIMIT_CALLS: 'off',
    RATE_LIMIT_ROOMS: 'off',
    SOCKET_EVENT_RATE: 'off',
  });
  topology = {
    name: 'all-in-one',
    url: () => server.url,
    crash: () => Promise.reject(new Error('not in this test')),
    async [Symbol.asyncDispose]() {
      exited = exited || (await server.stop('SIGTERM')) !== 0;
      await data.remove();
    },
  };
  process.stdout.write(`hostile input: SWITCHBOARD_FUZZ_SEED=${SEED}, about ${CASES} cases\n`);
  // The users whom small numbers happen to name.
  for (let n = 0; n < 14; n += 1) await register(topology, 'bystander');
  admin = (await logIn(topology)).token;
  user = await register(topology, 'fuzz');
  watch = new ServerWatch(server.url, server.pid);
  // Starting is slow, and not what this is about.
  await watch.lap();
  sender = new HttpSender(server.url, 16);
});
afterAll(async () => {
  sender?.[Symbol.dispose]();
  await topology?.[Symbol.asyncDispose]();
  process.stdout.write(
    `hostile input: ${done} cases, longest stall ${Math.round(worst.stalledMs)} ms of which the machine ran others up to ${Math.round(worst.waitedMs)} ms\n`,
  );
});

/** The stall that is the server's own: not the time for which its thread was ready and the machine ran others. */
const own = ({ stalledMs, waitedMs }: Lap): number => stalledMs - waitedMs;

/**
 * Sends the cases in laps and looks at the event loop after each. A lap that stalled is sent again in small pieces, thrice: a stall of our code's making
 * comes again, one of the machine's does not.
 */
async function inLaps<T>(cases: readonly T[], send: (lap: readonly T[]) => Promise<void>): Promise<string[]> {
  const complaints: string[] = [];
  for (let from = 0; from < cases.length; from += LAP) {
    const lap = cases.slice(from, from + LAP);
    await send(lap);
    const seen = await watch.lap();
    done += lap.length;
    if (seen.stalledMs > worst.stalledMs) worst = seen;
    const ready = await sender.send({ method: 'GET', path: '/readyz', headers: {} });
    if (ready.status !== 200) complaints.push(`not ready: ${ready.status}`);
    if (seen.stalledMs < MAX_STALL_MS) continue;
    let again = 0;
    for (let round = 0; round < 3; round += 1) {
      if (await stallsAgain(lap, send)) again += 1;
    }
    if (again > 1) complaints.push(`stalled for ${Math.round(own(seen))} ms by ${shown(lap, 3000)}`);
  }
  return complaints;
}

async function stallsAgain<T>(
  lap: readonly T[],
  send: (lap: readonly T[]) => Promise<void>,
): Promise<boolean> {
  for (let from = 0; from < lap.length; from += 25) {
    await watch.lap();
    await send(lap.slice(from, from + 25));
    if (own(await watch.lap()) > MAX_STALL_MS) return true;
  }
  return false;
}

const sample = <T>(arbitrary: fc.Arbitrary<T>, index: number, count = PER): readonly T[] =>
  fc.sample(arbitrary, { seed: SEED + index, numRuns: count });

const titled = operations.map(
  (operation, index) => [`${operation.method} ${operation.path}`, operation, index] as const,
);

async function makeRoom(creator: Person): Promise<string> {
  const made = await http('POST', `${server.url}/api/rooms`, {
    token: creator.token,
    body: { name: `room of ${creator.id}` },
  });
  return String(made.body.id);
}

describe('hostile events', () => {
  const socketio = events.filter(({ dialect }) => dialect.transport === 'socket.io');
  it.each(
    socketio.map(({ dialect, event }, index) => [`${dialect.name} ${event}`, dialect, event, index] as const),
  )('%s', { timeout: 300_000 }, async (_title, dialect, event, index) => {
    const [a, b, away] = await Promise.all(['a', 'b', 'away'].map((name) => register(topology, name)));
    if (!(a && b && away)) throw new TypeError('somebody is missing');
    const sockets = await Promise.all(
      [a, b, a].map((person) => HostileSocket.open(server.url, person.token, dialect.name)),
    );
    const roomId = await makeRoom(a);
    const scene = (other: Person): Scene => ({
      me: a.id,
      other: other.id,
      token: 'nonsense',
      roomId,
      conversationId: `d:${[a.id, other.id].sort((one, two) => Number(one) - Number(two)).join(':')}`,
    });
    const way = wayTo(dialect, ({ type }) => type === 'room.join');
    for (const socket of way ? sockets : []) {
      await socket.say({ event: way?.event ?? '', args: inScene(way?.args, scene(b)) as unknown[] });
    }
    const cases = sample(
      fc.oneof(eventCases(dialect, event, scene(away)), eventCases(dialect, event, scene(b))),
      1000 + index,
    );
    const complaints = await inLaps(cases, async (lap) => {
      let next = 0;
      await inFlight(lap, 48, async (said) => {
        next += 1;
        await sockets[next % sockets.length]?.say(said);
      });
      for (const socket of sockets) await socket.settle();
    });
    for (const socket of sockets) socket.close();
    expect([...complaints, ...sockets.flatMap((socket) => socket.complaints)]).toEqual([]);
  });
});

const frames = events.filter(({ dialect }) => dialect.transport === 'websocket');
describe.runIf(frames.length > 0)('hostile frames', () => {
  it.each(
    frames.map(({ dialect, event }, index) => [`${dialect.name} ${event}`, dialect, event, index] as const),
  )('%s', { timeout: 300_000 }, async (_title, dialect: Dialect, event, index) => {
    const [a, b] = await Promise.all(['a', 'b'].map((name) => register(topology, name)));
    if (!(a && b)) throw new TypeError('somebody is missing');
    const roomId = await makeRoom(a);
    const sockets = await Promise.all(
      [a, b].map((person) => FrameSocket.open(server.url, person.token, roomId)),
    );
    const frame: fc.Arbitrary<string | Buffer> = fc.oneof(
      {
        weight: 9,
        arbitrary: eventCases(dialect, event, { me: a.id, other: b.id, roomId }).map(
          ({ args }) => JSON.stringify(args[0]) ?? '',
        ),
      },
      { weight: 1, arbitrary: engineFrames },
    );
    const complaints = await inLaps(sample(frame, 2000 + index), async (lap) => {
      lap.forEach((said, n) => {
        sockets[n % sockets.length]?.send(said);
      });
      for (const socket of sockets) await socket.settle();
    });
    for (const socket of sockets) socket.close();
    expect([...complaints, ...sockets.flatMap((socket) => socket.complaints)]).toEqual([]);
  });
});

/** Whoever logged out, was deleted or banned by a case starts anew. */
async function refreshUsers(): Promise<void> {
  const ask = (token: string) => http('GET', `${server.url}/api/v1/me`, { token });
  if ((await ask(user.token)).status !== 200) user = await register(topology, 'fuzz');
  if ((await ask(admin)).status !== 200) admin = (await logIn(topology)).token;
}

async function judge({ method, path, headers, body, as }: HttpCase): Promise<string | undefined> {
  const tokens = { user: user.token, admin, garbage: 'garbage', nobody: undefined };
  const token = tokens[as];
  const sent = {
    method,
    path,
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body }),
  };
  const what = () =>
    shown({ method, headers, bytes: body?.length, path: path.slice(0, 300), body: String(body) }, 900);
  try {
    const { status, type, text } = await sender.send(sent);
    if (status >= 500) return `${status} to ${what()}`;
    if (status < 400 || method === 'HEAD') return undefined;
    if (!/^application\/json/.test(type)) return `${status} ${type} to ${what()}: ${text.slice(0, 100)}`;
    const wrong = wrongRefusalAt(method, path, JSON.parse(text));
    return wrong && `${status} ${wrong} to ${what()}`;
  } catch (error) {
    return `${String(error)} to ${what()}`;
  }
}

describe('hostile requests', () => {
  it.each(titled)('%s', { timeout: 300_000 }, async (_title, operation, index) => {
    const complaints: string[] = [];
    const stalls = await inLaps(sample(httpCases(operation), index), async (lap) => {
      await refreshUsers();
      await inFlight(lap, 16, async (one) => {
        const complaint = await judge(one);
        if (complaint) complaints.push(complaint);
      });
    });
    expect([...complaints.slice(0, 5), ...stalls]).toEqual([]);
  });
});

describe('what is below requests and events', () => {
  it('frames that are no packets', { timeout: 300_000 }, async () => {
    const greetings = [`40${JSON.stringify({ token: user.token })}`, '40', '', '40{"token":null}'];
    const cases = sample(fc.array(engineFrames, { minLength: 10, maxLength: 10 }), 3000, Math.ceil(RAW / 10));
    const complaints: string[] = [];
    const stalls = await inLaps(
      cases.map((sent, index) => ({ sent, greeting: greetings[index % greetings.length] ?? '' })),
      (lap) =>
        inFlight(lap, 12, async ({ sent, greeting }) => {
          await sendFrames(server.url, greeting, sent).catch((error: Error) =>
            complaints.push(error.message),
          );
          done += sent.length - 1;
        }),
    );
    expect([...complaints, ...stalls]).toEqual([]);
  });

  it('polls that carry no packets', { timeout: 300_000 }, async () => {
    const wrong: string[] = [];
    const stalls = await inLaps(sample(engineFrames, 5000, Math.ceil(RAW / 4)), (lap) =>
      inFlight(lap, 8, async (payload) => {
        const status = await sendPoll(server.url, payload);
        if (status >= 500) wrong.push(`${status} to ${shown(String(payload))}`);
      }),
    );
    expect([...wrong, ...stalls]).toEqual([]);
  });

  it('bytes that are no request', { timeout: 300_000 }, async () => {
    const stalls = await inLaps(sample(brokenRequests, 4000, RAW), (lap) =>
      inFlight(lap, 24, (bytes) => sendBytes(server.url, bytes)),
    );
    expect(stalls).toEqual([]);
  });
});

describe('afterwards', () => {
  it('the process is the same, ready, and holds no more than it may', async () => {
    // It would not have gone on answering otherwise; the heap's bound is the process's own.
    expect((await http('GET', `${server.url}/readyz`)).status).toBe(200);
    expect(server.output()).not.toMatch(/"level":"(error|fatal)"/);
    const { heapBytes } = await watch.lap();
    expect(heapBytes / 2 ** 20).toBeLessThan(HEAP_MIB * 0.9);
  });

  const speaking = [...dialects.values()].filter(({ transport }) => transport === 'socket.io');
  it.each(speaking.map((dialect) => [dialect.name, dialect] as const))(
    'a conversation and a call go on in %s',
    async (_name, dialect) => {
      await using stage = new Stage(topology);
      const [alice, bob] = await Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
      const [a, b] = await Promise.all([alice, bob].map((person) => stage.silent(person, 0, dialect.name)));
      const ear = await stage.native(bob);
      if (!(a && b)) throw new TypeError('somebody is missing');
      let callId: string | undefined = randomUUID();
      const give = async (from: typeof a, me: Person, other: Person, type: string) => {
        const way = wayTo(
          dialect,
          (command) => command.type === type && (type !== 'call.place' || isToUser(command)),
        );
        const args = inScene(way?.args, {
          me: me.id,
          other: other.id,
          ...(callId ? { callId } : {}),
        }) as unknown[];
        const answer = await from.ask(way?.event ?? '', ...args);
        expect([type, answer]).toMatchObject([type, { ok: true }]);
        return answer as { callId?: string; call?: { id: string } };
      };
      await ear.ask('chat.send', { to: { userId: alice.id }, content: 'still here?' });
      const direct = wayTo(dialect, (command) => command.type === 'chat.send' && isToUser(command));
      if (direct) await give(a, alice, bob, 'chat.send');
      const placed = await give(a, alice, bob, 'call.place');
      callId = placed.callId ?? placed.call?.id;
      await give(b, bob, alice, 'call.answer');
      await give(a, alice, bob, 'call.end');
    },
  );

  it('enough was tried', () => {
    expect(done).toBeGreaterThanOrEqual(CASES);
  });
});

function isToUser(command: Command): boolean {
  return 'to' in command && (command.to?.kind === 'user' || command.to?.kind === 'direct');
}
