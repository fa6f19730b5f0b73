import { randomBytes, randomUUID } from 'node:crypto';
import { presentRestErrorAt } from '@switchboard/dialects';
import { createMemoryBus, createMemoryRateLimits } from '@switchboard/engine-memory';
import type { Bus } from '@switchboard/ports';
import {
  type BusEvent,
  DeviceId,
  type DirectoryUser,
  type EventType,
  type Identity,
  ok,
  orThrow,
  type Participant,
  type RequestName,
  type RequestPayload,
  type RequestReply,
  type RoomId,
  type RoomKind,
  reject,
  SessionId,
  UserId,
} from '@switchboard/protocol';
import {
  connectMongo,
  createHttpApp,
  createLogger,
  createMetrics,
  listen,
  type MongoHandle,
  type Service,
  type SessionVerifier,
  systemClock,
} from '@switchboard/service-kit';
import { buildContext } from '../build-context.ts';
import { chatConfig } from '../config.ts';
import type { ChatContext } from '../context.ts';
import { createChat } from '../create-chat.ts';
import { createRoom } from '../rooms/create-room.ts';

const logger = createLogger({ level: 'silent', service: 'chat', nodeId: 'test' });

const NEVER_MS = 3_600_000;
/** What a condition may take on a machine that is busy with other things. */
const PATIENCE_MS = 15_000;
/** For nodes that are to find what others left. */
export const sweeping = { CHAT_OUTBOX_SWEEP: '50ms', CHAT_OUTBOX_GRACE: '200ms' } as const;

const DEVICE = DeviceId.parse(randomUUID());

export const userId = (id: number | string): UserId => UserId.parse(String(id));

export function identity(id: number | string): Identity {
  return {
    id: userId(id),
    username: `user${id}`,
    name: `User ${id}`,
    email: null,
    role: 'user',
    sessionId: SessionId.parse(randomUUID()),
  };
}

export interface NodeOptions {
  /** Variables of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Stands between the service and its bus. */
  readonly wrapBus?: (bus: Bus) => Bus;
  /** Who is in which room, in place of the signaling service; absent: it is away. */
  readonly participants?: () => Readonly<Record<string, readonly number[]>>;
  /** Display names other than `User <id>`. */
  readonly names?: ReadonlyMap<string, string>;
  /** Users that the directory does not know. */
  readonly unknown?: readonly string[];
  readonly deleted?: readonly string[];
}

/** One chat service on a bus of its own, with the events it published. */
export class TestNode implements AsyncDisposable {
  readonly bus: Bus;
  readonly mongo: MongoHandle;
  readonly service: Service;
  readonly metrics: ReturnType<typeof createMetrics>;
  /** The functions' context, as the service's own: for what no request of the bus asks. */
  readonly context: ChatContext;
  readonly events: BusEvent[];
  readonly #closing: (() => PromiseLike<unknown>)[];

  private constructor(
    parts: Pick<TestNode, 'bus' | 'mongo' | 'service' | 'metrics' | 'context' | 'events'>,
    closing: (() => PromiseLike<unknown>)[],
  ) {
    this.bus = parts.bus;
    this.mongo = parts.mongo;
    this.service = parts.service;
    this.metrics = parts.metrics;
    this.context = parts.context;
    this.events = parts.events;
    this.#closing = closing;
  }

  /** @param url The address of its database. */
  static async start(url: string, options: NodeOptions = {}): Promise<TestNode> {
    const config = chatConfig.parse({
      JWT_SECRET: randomBytes(32).toString('hex'),
      RATE_LIMIT_MESSAGES: 'off',
      RATE_LIMIT_ROOMS: 'off',
      // Nodes under test have buses of their own, which do not know that another published an event.
      CHAT_OUTBOX_SWEEP: '1h',
      CHAT_OUTBOX_GRACE: '1h',
      ...options.env,
    });
    const bus = createMemoryBus({ clock: systemClock });
    await bus.serve('auth.users.get', async ({ userIds }) =>
      ok({
        users: userIds.filter((id) => !options.unknown?.includes(id)).map((id) => directoryUser(id, options)),
      }),
    );
    // Before the service, whose sweeps may find something at once.
    const events: BusEvent[] = [];
    const types: EventType[] = [
      'chat.message.created',
      'chat.message.read',
      'chat.message.delivered',
      'chat.room.created',
      'chat.room.updated',
      'chat.room.deleted',
    ];
    await bus.consume({ durable: 'test', types }, async (event) => {
      events.push(event);
    });
    const { participants } = options;
    if (participants) {
      await bus.serve('signaling.room.participants', async ({ roomIds }) => {
        const all = participants();
        const found = roomIds.flatMap((id) => (all[id] ? [[id, all[id].map(participant)] as const] : []));
        return ok({ rooms: Object.fromEntries(found) });
      });
    }
    const metrics = createMetrics({ service: 'chat' });
    const mongo = await connectMongo(url, { logger, appName: 'chat-test' });
    const deps = {
      bus: options.wrapBus?.(bus) ?? bus,
      clock: systemClock,
      logger,
      metrics,
      mongo,
      rates: createMemoryRateLimits({ clock: systemClock }),
    };
    const service = await createChat(config, deps);
    // A second one beside the service's own.
    const { context, close } = await buildContext(
      { ...config, CHAT_OUTBOX_SWEEP: NEVER_MS, CHAT_OUTBOX_GRACE: NEVER_MS },
      { ...deps, metrics: createMetrics({ service: 'chat-context' }) },
    );
    const node = new TestNode({ bus, mongo, service, metrics, context, events }, [
      () => service[Symbol.asyncDispose](),
      close,
      () => bus.close(),
      () => mongo[Symbol.asyncDispose](),
    ]);
    return node;
  }

  ask<N extends RequestName>(name: N, payload: RequestPayload<N>) {
    return this.bus.request(name, payload, { timeoutMs: PATIENCE_MS });
  }

  /** The value of a request that must not be refused. */
  async must<N extends RequestName>(name: N, payload: RequestPayload<N>): Promise<RequestReply<N>> {
    const result = await this.ask(name, payload);
    if (!result.ok) throw new Error(`${name}: ${result.error.code} ${result.error.message}`);
    return result.value;
  }

  async send(from: number, to: number, content: string, clientMessageId?: string) {
    return this.must('chat.send', {
      actor: identity(from),
      to: { kind: 'direct', userId: userId(to) },
      content,
      contentType: 'text',
      ...(clientMessageId === undefined ? {} : { clientMessageId }),
    });
  }

  /** As the edge asks, which has seen that the sender is in the room. */
  async say(from: number, roomId: RoomId, content: string, clientMessageId?: string) {
    return this.must('chat.send', {
      actor: identity(from),
      to: { kind: 'room', roomId },
      content,
      contentType: 'text',
      ...(clientMessageId === undefined ? {} : { clientMessageId }),
    });
  }

  async makeRoom(creator: number, name: string, more: { kind?: RoomKind; unique?: boolean } = {}) {
    const ask = { actor: identity(creator), name, kind: 'chat', unique: false, ...more } as const;
    return orThrow(await createRoom(this.context, ask));
  }

  eventsOf<T extends EventType>(type: T): Extract<BusEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<BusEvent, { type: T }> => event.type === type);
  }

  /** The sum and count of the insert sizes so far. */
  async inserts(): Promise<{ calls: number; messages: number }> {
    const { text } = await this.metrics.expose();
    const value = (name: string) =>
      Number(
        new RegExp(`^chat_insert_batch_messages_${name}\\{[^}]*\\} (\\d+)`, 'm').exec(text)?.[1] ??
          Number.NaN,
      );
    return { calls: value('count'), messages: value('sum') };
  }

  /** The service's routes over HTTP; the token is the id of the user. */
  async listen(): Promise<{ url: string; close(): Promise<void> }> {
    const verifier: SessionVerifier & AsyncDisposable = {
      verify: async (token) =>
        token
          ? ok(identity(token))
          : reject('UNAUTHORIZED', 'Authentication required', { detail: 'missing_token' }),
      [Symbol.asyncDispose]: async () => undefined,
    };
    const app = createHttpApp({
      routes: this.service.routes,
      presentError: presentRestErrorAt,
      verifier,
      clientOrigins: [],
      logger,
      metrics: this.metrics,
      checks: this.service.checks,
      trustProxy: false,
    });
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    this.#closing.unshift(() => server.close());
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closing.splice(0)) await close();
  }
}

function participant(id: number): Participant {
  return { id: userId(id), username: `user${id}`, name: `User ${id}`, deviceId: DEVICE, socketId: `s${id}` };
}

function directoryUser(id: UserId, { deleted, names }: NodeOptions): DirectoryUser {
  return {
    id,
    username: `user${id}`,
    name: names?.get(id) ?? `User ${id}`,
    email: `user${id}@example.com`,
    status: deleted?.includes(id) ? 'deleted' : 'active',
    role: 'user',
    createdAt: new Date(0).toISOString(),
  };
}

/** Waits for a condition, asking again every few milliseconds. */
export async function until(
  what: string,
  probe: () => boolean | Promise<boolean>,
  withinMs = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
