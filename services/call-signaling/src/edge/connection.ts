import { type Dialect, dialectOfEvent, socketErrorFrames } from '@switchboard/dialects';
import {
  type Command,
  type Identity,
  type Rejection,
  type Result,
  reject,
  UserId,
} from '@switchboard/protocol';
import type { Socket } from 'socket.io';
import { enterRoom } from '../raw/enter-room.ts';
import { rawConnectionOf } from '../raw/raw-connection.ts';
import { createSilence } from '../raw/silence.ts';
import { type Ack, negativeAck, positiveAck, takeAck } from './ack.ts';
import { type Admission, lineOf } from './admission.ts';
import type { EdgeParts } from './edge-parts.ts';
import { createFloodGate } from './flood.ts';
import { createLanes } from './lanes.ts';
import { refusePayload } from './payload.ts';
import { createSocketSession, type SocketSession } from './socket-session.ts';
import { boundUnsent } from './unsent.ts';

export interface Connection {
  /** Resolves when everything that came is answered. */
  answered(): Promise<void>;
}

interface Arrived {
  readonly event: string;
  readonly args: readonly unknown[];
  readonly ack?: Ack;
}

/** Stands for "nobody yet" where an event may come before authentication; those decode without looking at it. */
const NOBODY = UserId.parse('1');

const TOO_MUCH = reject('RATE_LIMITED', 'Too many events', { retryable: true, retryAfterMs: 1000 }).error;
const UNKNOWN_EVENT = reject('INVALID_DATA', 'Unknown event').error;
const AUTH_REQUIRED = reject('AUTH_REQUIRED', 'Authentication required').error;

/**
 * One socket from connecting to disconnecting.
 *
 *   anonymous ──join──▶ joining ──verified, in its rooms, present──▶ open ──▶ closed
 *       ▲                 │ ▲ came with a token
 *       └─────refused─────┘                                    every state ends in closed
 *
 * A client may send right behind its `join`, without waiting: what comes while joining is kept, bounded, and handled as if
 * it had come after. Listeners are there before anything is awaited. Whoever is told that it is connected can be found and reached from every node.
 */
export function openConnection(socket: Socket, admission: Admission, parts: EdgeParts): Connection {
  const { config, clock, logger, metrics, dispatcher, attendance, ways, admit } = parts;
  const flood = createFloodGate(config.SOCKET_EVENT_RATE, clock);
  const lanes = createLanes(config.SOCKET_PENDING_MAX);
  const early: Arrived[] = [];
  const raw = rawConnectionOf(socket);
  /** A raw client is told of no refusal. */
  const silence = raw && createSilence(raw, clock, logger);
  boundUnsent(socket.conn, config.SOCKET_UNSENT_MAX);
  let state: 'anonymous' | 'joining' | 'open' | 'closed' = 'anonymous';
  let declared: Dialect | null = admission.dialect;
  /** A handshake names a vocabulary, the first event its spelling, and that is how the socket is answered from then on. */
  let spoke = false;
  let session: SocketSession | undefined;
  let overdue = false;
  /** Verified, and not yet open. */
  let entering = false;
  let complainedAt = Number.NEGATIVE_INFINITY;

  const refuse = (rejection: Rejection, ack?: Ack, event?: string): void => {
    if (silence) {
      silence(rejection, event);
      return;
    }
    ack?.(negativeAck(rejection));
    // Authentication has an event that clients listen for, whether or not they ask for an ack.
    const aboutIdentity = rejection.code === 'AUTH_REQUIRED' || rejection.code === 'UNAUTHORIZED';
    if (ack && !aboutIdentity) return;
    for (const { event, args } of socketErrorFrames(rejection, declared ?? undefined)) {
      socket.emit(event, ...args);
    }
  };

  /** A flood must not be answered in kind. */
  const refuseExcess = (ack?: Ack): void => {
    const now = clock.now();
    if (!ack && now - complainedAt < 1000) return;
    if (!ack) complainedAt = now;
    refuse(TOO_MUCH, ack);
  };

  const declare = (dialect: Dialect): void => {
    if (spoke) return;
    spoke = true;
    if (declared?.name === dialect.name) return;
    declared = dialect;
    if (!session) return;
    session.declare(dialect);
    attendance.declared(session);
  };

  /** Undefined when it went in the meantime. */
  const enter = async (identity: Identity): Promise<SocketSession | undefined> => {
    state = 'joining';
    entering = true;
    const entered = createSocketSession({ socket, identity, dialect: declared, ways, now: clock.now() });
    await entered.joined;
    if (socket.disconnected) return undefined;
    session = entered;
    await new Promise<void>((resolve) => {
      attendance.arrive(entered, () => {
        const { deviceId, socketId } = entered;
        if (socket.connected) {
          entered.deliver({ type: 'connected', userId: identity.id, deviceId, socketId });
        }
        resolve();
      });
    });
    if (socket.disconnected) return undefined;
    joinTimer[Symbol.dispose]();
    entering = false;
    state = 'open';
    return entered;
  };

  /** What came while joining. */
  const catchUp = (): void => {
    for (let next = early.shift(); next; next = early.shift()) {
      handle(next);
      // Another join among them: what follows waits for that one.
      if ((state as string) === 'joining') return;
    }
  };

  const closeFlooding = (): void => {
    if (session) session.close('flood');
    else socket.disconnect(true);
  };

  const decode = ({ event, args }: Arrived, userId: UserId): Result<Command> => {
    const dialect = speakerOf(event, declared);
    const inbound = dialect?.inbound.get(event);
    if (!dialect || !inbound) return { ok: false, error: UNKNOWN_EVENT };
    declare(dialect);
    const refusal = refusePayload(args);
    return refusal ? { ok: false, error: refusal } : inbound.decode(args, { userId });
  };

  const join = async (token: string, ack?: Ack): Promise<void> => {
    state = 'joining';
    const admitted = await admit(lineOf(socket), token);
    if (socket.disconnected) return;
    if (admitted.ok) {
      const entered = await enter(admitted.value);
      if (!entered) return;
      const { deviceId, identity } = entered;
      answer({ type: 'session.join', token }, { userId: identity.id, deviceId }, ack);
    } else {
      state = 'anonymous';
      refuse(admitted.error, ack);
      if (overdue) socket.disconnect(true);
    }
    catchUp();
  };

  const answer = (command: Command, value: unknown, ack?: Ack): void => {
    const reply = { type: command.type, value } as Parameters<Dialect['ackFields']>[0];
    if (!ack || !session) return;
    const context = { ...ways, to: session.identity.id };
    ack(positiveAck(declared?.ackFields(reply, context) ?? {}));
  };

  const carryOut = (by: SocketSession, command: Command, { event, ack }: Arrived): void => {
    const started = performance.now();
    const running = lanes.run(dispatcher.laneOf(command), async () => {
      const result = await dispatcher.dispatch(by, command);
      metrics.handled(command.type, result.ok ? 'ok' : result.error.code, performance.now() - started);
      if (socket.disconnected) return;
      if (result.ok) answer(command, result.value.value, ack);
      else refuse(result.error, ack, event);
    });
    if (running)
      running.catch((err: unknown) => logger.error({ err, command: command.type }, 'answer not sent'));
    else refuseExcess(ack);
  };

  const handle = (arrived: Arrived): void => {
    const { event, ack } = arrived;
    if (session && state === 'open') {
      const command = decode(arrived, session.identity.id);
      metrics.event(declared, command.ok ? command.value.type : 'refused');
      if (command.ok) carryOut(session, command.value, arrived);
      else refuse(command.error, ack, event);
      return;
    }
    const anonymous = speakerOf(event, declared)?.inbound.get(event)?.anonymous === true;
    const command: Result<Command> = anonymous
      ? decode(arrived, NOBODY)
      : { ok: false, error: AUTH_REQUIRED };
    if (!command.ok) refuse(command.error, ack);
    else if (command.value.type !== 'session.join') refuse(AUTH_REQUIRED, ack);
    else {
      join(command.value.token, ack).catch((err: unknown) => {
        logger.error({ err }, 'join failed');
        socket.disconnect(true);
      });
    }
  };

  socket.onAny((event: unknown, ...values: unknown[]) => {
    const { args, ack } = takeAck(values);
    const arrived: Arrived = { event: String(event), args, ...(ack ? { ack } : {}) };
    const verdict = flood();
    if (verdict === 'close') closeFlooding();
    else if (verdict === 'refuse') refuseExcess(ack);
    else if (state !== 'joining') handle(arrived);
    else if (early.length < config.SOCKET_PENDING_MAX) early.push(arrived);
    else refuseExcess(ack);
  });

  const joinTimer = clock.after(config.JOIN_TIMEOUT_MS, () => {
    overdue = true;
    // Its rooms could not be joined for so long: a client of Socket.IO comes back after this, perhaps to a node that is better off.
    if (entering) socket.conn.close();
    if (state !== 'anonymous') return;
    refuse(AUTH_REQUIRED);
    socket.disconnect(true);
  });

  socket.on('disconnect', () => {
    state = 'closed';
    joinTimer[Symbol.dispose]();
    early.length = 0;
    if (session) attendance.leave(session);
  });

  const comeIn = async (identity: Identity): Promise<void> => {
    const entered = await enter(identity);
    if (!entered) return;
    if (raw) void enterRoom(raw, entered, dispatcher);
    catchUp();
  };

  if (admission.identity) {
    comeIn(admission.identity).catch((err: unknown) => {
      logger.error({ err }, 'connecting failed');
      socket.conn.close();
    });
  }
  return { answered: () => lanes.idle() };
}

/** Raw sockets speak one vocabulary, whose words others may have, too. */
function speakerOf(event: string, declared: Dialect | null): Dialect | undefined {
  if (declared?.transport === 'websocket') return declared.inbound.has(event) ? declared : undefined;
  return dialectOfEvent(event, declared);
}
