import { randomUUID } from 'node:crypto';
import { ALICE } from '../../../packages/dialects/src/fixtures/canon.ts';
import type { Dialect } from '../../../packages/dialects/src/index.ts';
import type { Command } from '../../../packages/protocol/src/index.ts';
import { http } from '../../harness/http.ts';
import type { Stage } from '../../harness/people.ts';
import type { SocketClient } from '../../harness/socket-client.ts';
import { inScene, type Scene } from '../in-scene.ts';
import { type Form, wayTo } from './ask-event.ts';
import type { Cast } from './cast.ts';
import type { Actor } from './rows.ts';

export type Answer = Record<string, unknown>;
type Inside = Exclude<Actor, 'anonymous' | 'expired' | 'banned'>;

/** The people of one vocabulary on their sockets, a conversation and, where the form is about one, a call or a room. */
export interface Play {
  readonly sockets: Readonly<Record<Inside | 'other', SocketClient>>;
  /** As this actor would name things. */
  sceneOf(actor: Actor): Scene;
  /** Makes the call what the form needs it to be, whatever became of the last one. */
  prepare(): Promise<void>;
  /** Says the form as this actor. */
  say(actor: Inside, as?: Scene): Promise<Answer>;
  /** Ends what an allowed form began, going by its answer. */
  tidy(actor: Inside, answer: Answer): Promise<void>;
}

type Phase = 'none' | 'ringing' | 'active';

function phaseFor({ type }: Command): Phase {
  if (type === 'call.answer' || type === 'call.reject' || type === 'call.ack') return 'ringing';
  const inCall: readonly Command['type'][] = ['call.end', 'call.signal', 'call.resume', 'call.take'];
  return inCall.includes(type) ? 'active' : 'none';
}

/** The socket that a command names as the fixture has it. */
function socketNamed(command: Command): string | undefined {
  const named = 'ref' in command ? command.ref : 'to' in command ? command.to : undefined;
  return named && 'socketId' in named ? named.socketId : undefined;
}

/** Whether it takes a room to make sense of it. */
function isAboutRoom(command: Command): boolean {
  return command.type.startsWith('room.') || /"(roomId|socketId)"|"r:/.test(JSON.stringify(command));
}

/** Whether a fixture names its speaker as the other party: what the callee says of the caller. */
function namesSpeaker(command: Command): boolean {
  return 'ref' in command && command.ref.by === 'user' && command.ref.userId === ALICE;
}

function callIdIn(answer: Answer): string | undefined {
  const { callId, call } = answer as { callId?: string; call?: { id: string } };
  return callId ?? call?.id;
}

/** A direct conversation between `creator` and `member`; the id of its one message. */
async function converse(stage: Stage, { creator, member }: Cast): Promise<string> {
  const sent = await http('POST', `${stage.topology.url(0)}/api/messages`, {
    token: creator.token,
    body: { to: member.id, content: 'between the two' },
  });
  return String(sent.body.message.id);
}

/** A room that `creator` made; undefined where there are none. */
async function makeRoom(stage: Stage, { creator }: Cast): Promise<string | undefined> {
  const made = await http('POST', `${stage.topology.url(0)}/api/rooms`, {
    token: creator.token,
    body: { name: `room-${randomUUID()}` },
  });
  return made.status === 201 ? String(made.body.id) : undefined;
}

export async function setTheScene(stage: Stage, cast: Cast, form: Form): Promise<Play> {
  const { dialect } = form;
  const on = (part: Inside | 'other') => stage.silent(cast[part], 0, dialect.name);
  const parts = ['stranger', 'member', 'creator', 'caller', 'callee', 'admin', 'other'] as const;
  const opened = await Promise.all(parts.map(async (part) => [part, await on(part)] as const));
  const sockets = Object.fromEntries(opened) as Play['sockets'];
  const { creator, member } = cast;
  const conversationId = `d:${[creator.id, member.id].sort((a, b) => Number(a) - Number(b)).join(':')}`;
  const things = { conversationId, messageId: await converse(stage, cast) };
  const inRoom = isAboutRoom(form.command);
  const roomId = inRoom ? await makeRoom(stage, cast) : undefined;
  const phase = phaseFor(form.command);
  const socketId = socketNamed(form.command);
  let callId: string | undefined;

  const partnerOf = (actor: Actor) => {
    if (phase !== 'none') return actor === 'callee' ? 'caller' : 'callee';
    if (inRoom) return actor === 'member' ? 'creator' : 'member';
    return 'other';
  };
  const sceneOf = (actor: Actor): Scene => {
    const me = actor === 'anonymous' ? undefined : cast[actor];
    const partner = partnerOf(actor);
    const partnerId = cast[partner].id;
    return {
      ...things,
      me: namesSpeaker(form.command) ? partnerId : (me?.id ?? '0'),
      other: partnerId,
      token: me?.token ?? 'nonsense',
      callId: callId ?? randomUUID(),
      ...(socketId === undefined
        ? {}
        : { socketId: { named: socketId, is: sockets[partner].socket.id ?? '' } }),
      ...(roomId === undefined ? {} : { roomId }),
    };
  };
  const give = (
    to: Dialect,
    socket: SocketClient,
    scene: Scene,
    fits: (command: Command) => boolean,
  ): Promise<Answer> => {
    const way = wayTo(to, fits);
    if (!way) throw new Error(`${to.name} has no fixture for it`);
    return socket.ask(way.event, ...(inScene(way.args, scene) as unknown[]));
  };
  const mustGive = async (...asked: Parameters<typeof give>): Promise<Answer> => {
    const answer = await give(...asked);
    if (answer.ok !== true) throw new Error(`the scene could not be set: ${JSON.stringify(answer)}`);
    return answer;
  };

  if (roomId !== undefined) {
    // Sockets are known to those who share a room.
    const parties = phase === 'none' ? [] : (['caller', 'callee'] as const);
    for (const part of ['creator', 'member', ...parties] as const) {
      await mustGive(dialect, sockets[part], sceneOf(part), ({ type }) => type === 'room.join');
    }
  }

  const end = (part: Inside): Promise<Answer> =>
    give(dialect, sockets[part], sceneOf(part), ({ type }) => type === 'call.end');

  return {
    sockets,
    sceneOf,
    async prepare() {
      if (phase === 'none') return;
      if (callId !== undefined) await end('caller');
      callId = undefined;
      const placed = await mustGive(
        dialect,
        sockets.caller,
        sceneOf('caller'),
        (command) => command.type === 'call.place' && command.to.kind === 'user',
      );
      callId = callIdIn(placed);
      if (phase === 'ringing') return;
      await mustGive(dialect, sockets.callee, sceneOf('callee'), ({ type }) => type === 'call.answer');
    },
    say: (actor, as) =>
      sockets[actor].ask(form.event, ...(inScene(form.args, as ?? sceneOf(actor)) as unknown[])),
    async tidy(actor, answer) {
      if (form.command.type !== 'call.place') return;
      callId = callIdIn(answer);
      await end(actor);
      callId = undefined;
    },
  };
}
