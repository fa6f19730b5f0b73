import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandType, ErrorCode } from '../../../packages/protocol/src/index.ts';
import { AUTHORIZATION } from '../../../services/call-signaling/src/authorization.ts';
import { logIn, type Person, Stage } from '../../harness/people.ts';
import type { SocketClient } from '../../harness/socket-client.ts';
import { allInOne, type Topology } from '../../harness/topology.ts';
import { inScene, type Scene } from '../in-scene.ts';
import { shown, wrongAck, wrongErrorEvent } from '../refusal-shape.ts';
import { type Form, forms, unlisted } from './ask-event.ts';
import { castFor, JWT_SECRET, type Outsiders, outsiders } from './cast.ts';
import { listen } from './ears.ts';
import { EVENTS } from './events.ts';
import { ACTORS, type Verdict } from './rows.ts';
import { type Answer, setTheScene } from './scene.ts';

let topology: Topology;
let standby: Outsiders;
beforeAll(async () => {
  topology = await allInOne({
    JWT_SECRET,
    RATE_LIMIT_MESSAGES: 'off',
    RATE_LIMIT_CALLS: 'off',
    RING_TIMEOUT_MS: '60000',
  });
  standby = await outsiders(topology, (await logIn(topology)).token);
});
afterAll(() => topology?.[Symbol.asyncDispose]());

/** Refusals by the status that HTTP has for them. */
const STATUS: Partial<Record<ErrorCode, Verdict>> = {
  INVALID_DATA: 400,
  UNAUTHORIZED: 401,
  AUTH_REQUIRED: 401,
  PERMISSION_DENIED: 403,
  CALL_NOT_FOUND: 404,
  ROOM_NOT_FOUND: 404,
  USER_NOT_FOUND: 404,
  CALL_IN_PROGRESS: 409,
};
const codeOf = (answer: Answer): ErrorCode => (answer.error as { code: ErrorCode }).code;
const verdictOf = (answer: Answer): Verdict | undefined =>
  answer.ok === true ? 'yes' : STATUS[codeOf(answer)];

describe('the table of events', () => {
  it('lists every event in every form that a fixture has, and no other', () => {
    expect(unlisted(EVENTS)).toEqual({ missing: [], superfluous: [] });
  });

  it('agrees with the table that the dispatcher goes by', () => {
    for (const { listed, command } of forms) {
      const { row } = EVENTS.get(listed) ?? {};
      // That one has no call to resume is an answer, not a refusal.
      if (!row || listed.endsWith('call.resume any')) continue;
      const { may } = AUTHORIZATION[command.type];
      const yes = ACTORS.filter((actor) => row[actor] === 'yes');
      const any = may.includes('user');
      // Whom the dispatcher's table lets through by role, this one lets through.
      for (const role of ['member', 'caller', 'callee'] as const) {
        if (may.includes(role)) expect([listed, ...yes]).toContain(role);
        else if (!any) expect([listed, ...yes]).not.toContain(role);
      }
      // And without a role nobody is, but where every user is.
      if (!any) expect([listed, ...yes]).not.toContain('stranger');
      expect([listed, ...yes]).not.toContain('anonymous');
    }
  });

  it('has a form of every command that can be given', () => {
    const given = new Set<CommandType>(forms.map(({ command }) => command.type));
    expect([...given].sort()).toEqual(Object.keys(AUTHORIZATION).sort());
  });
});

const join = forms.filter(({ command }) => command.type === 'session.join');
const others = forms.filter(({ command }) => command.type !== 'session.join');
const titled = (chosen: readonly Form[]) =>
  chosen.map(
    (form) => [`${form.dialect.name} ${form.event}: ${form.listed.split(': ').at(-1)}`, form] as const,
  );

/** Says a form and, when it is refused, once more without an ack. */
async function ask(
  socket: SocketClient,
  form: Form,
  scene: Scene,
): Promise<{ answer: Answer; wrong: string[] }> {
  const args = inScene(form.args, scene) as unknown[];
  const answer = await socket.ask(form.event, ...args);
  const wrong = [wrongAck(answer)];
  if (answer.ok !== true) {
    const code = codeOf(answer);
    socket.send(form.event, ...args);
    wrong.push(wrongErrorEvent(await socket.log.next('error', (error) => error.code === code)));
  }
  return { answer, wrong: wrong.filter((complaint) => complaint !== undefined) };
}

/** Who may not even connect: by the handshake, and by joining later. */
async function askUnauthenticated(
  stage: Stage,
  form: Form,
  scene: Scene,
  person?: Person,
): Promise<string[]> {
  const wrong: string[] = [];
  if (person) {
    const auth = { token: person.token, dialect: form.dialect.name };
    const refused = await stage.open(person.name, 0, { auth }).then(
      () => 'was let in',
      (error: Error) => error.message,
    );
    if (refused !== 'Authentication error') wrong.push(`${person.name}: ${refused}`);
  }
  const bare = await stage.open('nobody', 0, { auth: { dialect: form.dialect.name } });
  if (person) {
    const joining = await stage.open('nobody', 0);
    const joined = await joining.ask('join', { token: person.token });
    if (verdictOf(joined) !== 401) wrong.push(`${person.name} joined: ${shown(joined)}`);
  }
  const { answer, wrong: misshapen } = await ask(bare, form, scene);
  if (verdictOf(answer) !== 401) wrong.push(`${person?.name ?? 'anonymous'}: ${shown(answer)}`);
  return [...wrong, ...misshapen];
}

describe('every event, said by', () => {
  it.each(titled(others))('%s', async (_title, form) => {
    const { row, hidden } = EVENTS.get(form.listed) ?? {};
    if (!row) throw new Error(`${form.listed} is not in the table`);
    await using stage = new Stage(topology);
    const cast = await castFor(topology, standby);
    const play = await setTheScene(stage, cast, form);
    await play.prepare();
    const bell = await stage.native(cast.other);
    const { caller, callee, creator, member } = cast;
    const { sockets } = play;
    const parties = [sockets.caller, sockets.callee, sockets.creator, sockets.member];
    const ears = listen(stage, bell, [creator, member, caller, callee], parties);
    await ears.heard();

    const wrong: string[] = [];
    const insiders = ACTORS.filter(
      (actor) => actor !== 'anonymous' && actor !== 'expired' && actor !== 'banned',
    );
    const refused = insiders.filter((actor) => row[actor] !== 'yes');
    const allowed = insiders.filter((actor) => row[actor] === 'yes');
    const expecting = (actor: (typeof insiders)[number], answer: Answer) => {
      if (verdictOf(answer) !== row[actor]) wrong.push(`${actor}: ${shown(answer)} instead of ${row[actor]}`);
    };

    for (const actor of refused) expecting(actor, await play.say(actor));
    for (const actor of ['anonymous', 'expired', 'banned'] as const) {
      const person = actor === 'anonymous' ? undefined : cast[actor];
      wrong.push(...(await askUnauthenticated(stage, form, play.sceneOf(actor), person)));
    }
    // The parties heard nothing of it.
    expect(wrong.concat(await ears.heard())).toEqual([]);

    for (const actor of refused) {
      wrong.push(...(await ask(sockets[actor], form, play.sceneOf(actor))).wrong);
    }
    if (hidden) {
      const there = play.sceneOf('stranger');
      const nothing = {
        ...there,
        conversationId: 'd:987654321:987654322',
        messageId: randomUUID(),
        roomId: '987654321',
        ...(there.socketId ? { socketId: { ...there.socketId, is: 'noSuchSocket_000AAAB' } } : {}),
      };
      expect(await play.say('stranger', nothing)).toEqual(await play.say('stranger'));
    }

    for (const actor of allowed) {
      await play.prepare();
      const answer = await play.say(actor);
      expecting(actor, answer);
      const misshapen = wrongAck(answer);
      if (misshapen) wrong.push(misshapen);
      await play.tidy(actor, answer);
    }
    expect(wrong).toEqual([]);
  });

  it.each(titled(join))('%s', async (_title, form) => {
    const { row } = EVENTS.get(form.listed) ?? {};
    if (!row) throw new Error(`${form.listed} is not in the table`);
    await using stage = new Stage(topology);
    const cast = await castFor(topology, standby);
    const wrong: string[] = [];
    for (const actor of ACTORS) {
      const person = actor === 'anonymous' ? undefined : cast[actor];
      const scene = { me: person?.id ?? '0', other: cast.other.id, token: person?.token ?? 'nonsense' };
      const socket = await stage.open(actor, 0);
      const asked = await ask(socket, form, scene);
      if (verdictOf(asked.answer) !== row[actor]) wrong.push(`${actor}: ${shown(asked.answer)}`);
      wrong.push(...asked.wrong);
    }
    expect(wrong).toEqual([]);
  });
});
