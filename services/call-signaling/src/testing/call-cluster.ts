import { randomUUID } from 'node:crypto';
import { dialects } from '@switchboard/dialects';
import { type CallTimings, claimants } from '@switchboard/domain';
import {
  createMemoryBus,
  createMemoryLiveCalls,
  createMemoryPresence,
  createMemoryRateLimits,
  createMemoryRoomPresence,
} from '@switchboard/engine-memory';
import type { Bus, Clock, LiveCalls, Presence, RateRule, RoomPresence } from '@switchboard/ports';
import {
  type CallEvent,
  CallId,
  type CommandOf,
  type CommandType,
  type Delivery,
  type DeliveryOf,
  type DeliveryType,
  DeviceId,
  type DialectName,
  type DirectoryUser,
  NodeId,
  ok,
  type ReplyOf,
  type Result,
  type Room,
  RoomId,
  reject,
  SessionId,
  UserId,
  unavailable,
} from '@switchboard/protocol';
import { createLogger, createMetrics, newEvent, systemClock } from '@switchboard/service-kit';
import { createCallNode } from '../calls/call-node.ts';
import { createCallLifecycle } from '../calls/lifecycle.ts';
import type { LiveCall } from '../calls/live-call.ts';
import type { SignalingContext } from '../context.ts';
import { deliverCallEvent } from '../deliver/call-events.ts';
import type { Session } from '../edge/session.ts';
import { callAck } from '../handlers/call-ack.ts';
import { callAnswer } from '../handlers/call-answer.ts';
import { callEnd } from '../handlers/call-end.ts';
import { callPlace } from '../handlers/call-place.ts';
import { callReject } from '../handlers/call-reject.ts';
import { callResume } from '../handlers/call-resume.ts';
import { callSignal } from '../handlers/call-signal.ts';
import { createChatTyping } from '../handlers/chat-typing.ts';
import { roomJoin } from '../handlers/room-join.ts';
import { roomLeave } from '../handlers/room-leave.ts';
import { roomSignal } from '../handlers/room-signal.ts';
import { callTake } from '../handoff/call-take.ts';
import { createRoster } from '../rooms/roster.ts';
import type { Router } from '../router/router.ts';

const handlers = {
  'call.place': callPlace,
  'call.answer': callAnswer,
  'call.reject': callReject,
  'call.end': callEnd,
  'call.signal': callSignal,
  'call.resume': callResume,
  'call.take': callTake,
  'call.ack': callAck,
  'room.join': roomJoin,
  'room.leave': roomLeave,
  'room.signal': roomSignal,
  'chat.typing': createChatTyping(),
};
type CallCommandType = keyof typeof handlers;
export type CallCommandOf = { [T in CallCommandType]: CommandOf<T> }[CallCommandType];

/** One for all clusters: each would watch the garbage collector for ever. */
const metrics = createMetrics({ service: 'test' });

export interface ClusterOptions {
  readonly nodes?: number;
  readonly clock?: Clock;
  readonly timings?: Partial<CallTimings>;
  readonly rateLimit?: RateRule | 'off';
  /** Stands between every node and the live store, e.g. to delay or to count. */
  readonly liveCalls?: (inner: LiveCalls<LiveCall>) => LiveCalls<LiveCall>;
  /** The same for who is in which room. */
  readonly roomPresence?: (inner: RoomPresence) => RoomPresence;
}

export const DEFAULT_TIMINGS: CallTimings = { ringMs: 30_000, graceMs: 15_000, leaseMs: 30_000 };

/** Several signaling nodes without their edge: real call code on shared memory engines, sockets as lists of what they heard. */
export async function createCallCluster(options: ClusterOptions = {}) {
  const clock = options.clock ?? systemClock;
  const timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const bus = createMemoryBus({ clock });
  const store = createMemoryLiveCalls<LiveCall>();
  const liveCalls = options.liveCalls?.(store) ?? store;
  /** Replaced as a whole when it is emptied. */
  const presenceStore = { now: createMemoryPresence() };
  const presence: Presence = {
    put: (...args) => presenceStore.now.put(...args),
    renew: (...args) => presenceStore.now.renew(...args),
    remove: (...args) => presenceStore.now.remove(...args),
    devicesOf: (...args) => presenceStore.now.devicesOf(...args),
    online: (...args) => presenceStore.now.online(...args),
    sweep: (...args) => presenceStore.now.sweep(...args),
    beat: (...args) => presenceStore.now.beat(...args),
    silentFor: (...args) => presenceStore.now.silentFor(...args),
  };
  const rates = createMemoryRateLimits({ clock });
  /** Replaced as a whole when it is emptied. */
  const roomStore = { now: createMemoryRoomPresence() };
  const bareRoomPresence: RoomPresence = {
    put: (...args) => roomStore.now.put(...args),
    renew: (...args) => roomStore.now.renew(...args),
    remove: (...args) => roomStore.now.remove(...args),
    membersOf: (...args) => roomStore.now.membersOf(...args),
    sweep: (...args) => roomStore.now.sweep(...args),
    roomsOf: (...args) => roomStore.now.roomsOf(...args),
  };
  const roomPresence = options.roomPresence?.(bareRoomPresence) ?? bareRoomPresence;
  const rooms = new Map<RoomId, Room>();
  const names = new Map<UserId, string>();
  const devices = new Map<DeviceId, TestDevice>();
  const events: CallEvent[] = [];
  const seen = new Set<CallId>();
  const historyAway = { now: false };
  const ledgerAway = { now: false };
  const rings: { readonly callId: CallId; readonly deviceId: DeviceId; readonly at: number }[] = [];
  const warnings: string[] = [];
  const logger = createLogger({
    level: 'warn',
    service: 'test',
    nodeId: 'test',
    destination: { write: (line: string) => void warnings.push(line) },
  });
  const statuses = new Map<string, DirectoryUser['status']>();

  const directoryUser = (id: UserId): DirectoryUser | undefined =>
    Number(id) >= 1000
      ? undefined
      : {
          id,
          username: `user${id}`,
          name: names.get(id) ?? `User ${id}`,
          email: null,
          role: 'user',
          status: statuses.get(id) ?? 'active',
          createdAt: '2026-01-01T00:00:00.000Z',
        };

  const travel = (work: () => void) => void setImmediate(() => setImmediate(work));

  class TestDevice implements Session {
    readonly deviceId = DeviceId.parse(randomUUID());
    readonly socketId = randomUUID();
    readonly identity: Session['identity'];
    readonly received: Delivery[] = [];
    readonly rooms = new Set<CallId>();
    /** Rooms whose emits reach it. */
    readonly joined = new Set<RoomId>();
    readonly closed: Parameters<Session['close']>[0][] = [];
    connected = true;
    dialect: DialectName | null;
    readonly node: TestNode;
    #lane: Promise<unknown> = Promise.resolve();

    constructor(node: TestNode, userId: UserId, dialect: DialectName | null) {
      this.node = node;
      this.dialect = dialect;
      this.identity = {
        id: userId,
        username: `user${userId}`,
        name: `User ${userId}`,
        email: null,
        role: 'user',
        sessionId: SessionId.parse(randomUUID()),
      };
    }

    deliver(delivery: Delivery): void {
      if (this.connected) this.received.push(structuredClone(delivery));
    }

    close(reason: Parameters<Session['close']>[0]): void {
      this.closed.push(reason);
    }

    of<T extends DeliveryType>(type: T): DeliveryOf<T>[] {
      return this.received.filter((delivery): delivery is DeliveryOf<T> => delivery.type === type);
    }

    /** As the edge does: one after the other, the next without waiting for the reply of the one before. */
    send<C extends CallCommandOf>(command: C): Promise<Result<ReplyOf<C['type']>>> {
      const run = () =>
        handlers[command.type](this, command as never, this.node.context) as Promise<
          Result<ReplyOf<C['type']>>
        >;
      const done = this.#lane.then(run, run);
      this.#lane = done.catch(() => undefined);
      return done;
    }

    /** The socket closes. */
    async leave(): Promise<void> {
      this.connected = false;
      this.joined.clear();
      devices.delete(this.deviceId);
      const { id: userId, sessionId } = this.identity;
      const { deviceId, dialect } = this;
      await presence.remove(
        { deviceId, userId, sessionId, nodeId: this.node.context.nodeId, dialect },
        clock.now(),
      );
      await this.node.roster.depart(this);
      await this.node.lifecycle.deviceLost(this);
    }

    async declare(dialect: DialectName): Promise<void> {
      this.dialect = dialect;
      await present(this);
      await this.node.lifecycle.deviceArrived(this);
    }
  }

  const present = (device: TestDevice) => {
    const { deviceId, dialect } = device;
    const { id: userId, sessionId } = device.identity;
    return presence.put(
      { deviceId, userId, sessionId, nodeId: device.node.context.nodeId, dialect },
      clock.now() + 3_600_000,
      clock.now(),
    );
  };

  const passes = (device: TestDevice, only?: (dialect: DialectName) => boolean) =>
    !only || (device.dialect === null ? [...dialects.keys()].some(only) : only(device.dialect));

  const routerOf = (isHere: (device: TestDevice) => boolean): Router => ({
    async toUser(userId, delivery, { except = [], only } = {}) {
      const found = [...devices.values()].filter(
        (device) =>
          device.identity.id === userId && ![except].flat().includes(device.deviceId) && passes(device, only),
      );
      for (const device of found) travel(() => device.deliver(delivery));
      return found.length;
    },
    toDevice(_userId, { deviceId }, delivery) {
      travel(() => devices.get(deviceId)?.deliver(delivery));
    },
    toEveryone() {},
    async sent() {},
    async joinCall(deviceId, callId) {
      await new Promise(setImmediate);
      devices.get(deviceId)?.rooms.add(callId);
    },
    async leaveCall(deviceId, callId) {
      devices.get(deviceId)?.rooms.delete(callId);
    },
    relay(callId, { device }, delivery) {
      travel(() => {
        const found = devices.get(device.deviceId);
        if (found?.rooms.has(callId)) found.deliver(delivery);
      });
    },
    async joinRoom({ deviceId }, roomId) {
      await new Promise(setImmediate);
      devices.get(deviceId)?.joined.add(roomId);
    },
    async leaveRoom({ deviceId }, roomId) {
      devices.get(deviceId)?.joined.delete(roomId);
    },
    toRoom(roomId, delivery, { except, only, here = false } = {}) {
      for (const device of devices.values()) {
        if (!device.joined.has(roomId) || device.deviceId === except || !passes(device, only)) continue;
        if (!here || isHere(device)) travel(() => device.deliver(delivery));
      }
    },
  });

  interface TestNode {
    readonly context: SignalingContext;
    readonly lifecycle: Awaited<ReturnType<typeof createCallLifecycle>>;
    readonly roster: Awaited<ReturnType<typeof createRoster>>;
    /** From now on nothing that this node does has any effect, and nothing reaches it: the process is gone. */
    crash(): void;
    readonly dead: boolean;
    /** While true, this node cannot publish. */
    busAway: boolean;
    /** While true, this node knows that it is cut off from the others. The store it reaches. */
    cut: boolean;
    /** While true, this node cannot say that it lives. */
    mute: boolean;
    /** Notices are lost on the way to this node. */
    deafen(): void;
    /** The node dies instead of doing this for the first time. */
    crashOn(deed: 'publish' | 'release' | 'notify'): void;
    stop(): Promise<void>;
  }

  const startNode = async (index: number): Promise<TestNode> => {
    let dead = false;
    let deaf = false;
    let fatal: string | undefined;
    const mortal = <T extends object>(port: T): T =>
      new Proxy(port, {
        get(target, name) {
          const value = Reflect.get(target, name) as unknown;
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => {
            if (name === fatal && !dead) node.crash();
            if (name === 'publish' && node.busAway) return Promise.reject(unavailable('The bus'));
            if (dead) return name === 'now' ? clock.now() : new Promise(() => undefined);
            return value.apply(target, args);
          };
        },
      });
    const nodeId = NodeId.parse(`node-${index}`);
    const router = routerOf((device) => device.node.context.nodeId === nodeId);
    const nodeBus = mortal<Bus>({
      ...bus,
      listen: (handler, id) => bus.listen((notice) => (deaf || dead ? undefined : handler(notice)), id),
    });
    const nodeClock: Clock = {
      now: () => clock.now(),
      after: (ms, callback) => clock.after(ms, () => (dead ? undefined : callback())),
    };
    const directory: SignalingContext['directory'] = {
      get: async (id) => directoryUser(id),
      many: async (ids) =>
        new Map([...ids].flatMap((id) => (directoryUser(id) ? [[id, directoryUser(id)]] : [])) as never),
      [Symbol.asyncDispose]: async () => undefined,
    };
    const roster = await createRoster({
      nodeId,
      leaseMs: timings.leaseMs,
      coalesceMs: 20,
      roomPresence: mortal(roomPresence),
      bus: nodeBus,
      clock: nodeClock,
      logger,
      directory,
      router,
    });
    const context: SignalingContext = {
      config: { RATE_LIMIT_CALLS: options.rateLimit ?? 'off' } as SignalingContext['config'],
      nodeId,
      bus: nodeBus,
      clock: nodeClock,
      logger,
      metrics,
      liveCalls: mortal(liveCalls),
      history: {
        knows: async (callId) => {
          if (historyAway.now) throw unavailable('The database');
          return seen.has(callId);
        },
        find: async (callId) => {
          if (historyAway.now) throw unavailable('The database');
          return events.findLast(({ call }) => call.id === callId)?.call;
        },
      },
      ledger: {
        rung: async (callId, rung, at) => {
          if (ledgerAway.now) throw unavailable('The database');
          rings.push(...rung.map(({ deviceId }) => ({ callId, deviceId, at })));
        },
      },
      calls: createCallNode(),
      timings,
      time: () => (node.cut ? 'waits' : 'acts'),
      isCut: () => node.cut,
      presence: {
        ...presence,
        beat: (...args) => (node.mute ? Promise.reject(unavailable('Redis')) : presence.beat(...args)),
      },
      rates,
      directory,
      verifier: undefined as never,
      router,
      rooms: roster,
    };
    const node: TestNode = {
      context,
      get lifecycle() {
        return lifecycle;
      },
      roster,
      busAway: false,
      cut: false,
      mute: false,
      crash() {
        dead = true;
        for (const device of [...devices.values()]) {
          if (device.node.context !== context) continue;
          device.connected = false;
          devices.delete(device.deviceId);
          const { deviceId, dialect } = device;
          const { id: userId, sessionId } = device.identity;
          void presence.remove({ deviceId, userId, sessionId, nodeId: context.nodeId, dialect }, clock.now());
        }
      },
      get dead() {
        return dead;
      },
      deafen() {
        deaf = true;
      },
      crashOn(deed) {
        fatal = deed;
      },
      async stop() {
        if (dead) return;
        await lifecycle[Symbol.asyncDispose]();
        await roster[Symbol.asyncDispose]();
      },
    };
    const lifecycle = await createCallLifecycle(context, () => !node.cut);
    return node;
  };

  const recorder = await bus.consume(
    {
      durable: 'recorder',
      types: [
        'call.ringing',
        'call.answered',
        'call.declined',
        'call.resumed',
        'call.interrupted',
        'call.moved',
        'call.ended',
      ],
    },
    async (event) => {
      events.push(event as CallEvent);
      seen.add((event as CallEvent).call.id);
    },
  );
  const found = await bus.serve('chat.room.get', async ({ roomId }) => {
    const room = rooms.get(roomId);
    return room?.active ? ok({ room }) : reject('ROOM_NOT_FOUND', 'No such room');
  });
  const nodes: TestNode[] = [];
  for (let index = 0; index < (options.nodes ?? 1); index += 1) nodes.push(await startNode(index));
  const delivery = await bus.consume(
    {
      durable: 'signaling-delivery',
      types: [
        'call.ringing',
        'call.answered',
        'call.declined',
        'call.resumed',
        'call.interrupted',
        'call.moved',
        'call.ended',
      ],
    },
    async (event) => {
      const alive = { ...(nodes[0]?.context as SignalingContext), liveCalls, bus };
      await deliverCallEvent(event as CallEvent, alive);
    },
  );

  const cluster = {
    clock,
    bus,
    /** The store itself, without what stands before it. */
    store,
    nodes,
    events,
    warnings,
    /** While `now`, nobody can ask history. */
    historyAway,
    /** While `now`, nothing can be written to the ledger. */
    ledgerAway,
    /** What was. */
    rings,
    rates,
    statuses,
    roomPresence,
    /** Names other than the usual. */
    names,
    /** What chat has. */
    rooms,
    eventsOf: (type: CallEvent['type']) => events.filter((event) => event.type === type),

    /** A socket of a user, authenticated and announced. */
    async connect(user: number, dialect: DialectName | null = 'native', node = 0): Promise<TestDevice> {
      const { device, arrive } = cluster.enter(user, dialect, node);
      await arrive();
      return device;
    },

    /** The same, authenticated, and not yet announced. */
    enter(user: number, dialect: DialectName | null, node: number) {
      const host = nodes[node];
      if (!host) throw new RangeError(`no node ${node}`);
      const device = new TestDevice(host, UserId.parse(String(user)), dialect);
      devices.set(device.deviceId, device);
      const arrive = async (): Promise<void> => {
        await present(device);
        await host.lifecycle.deviceArrived(device);
      };
      return { device, arrive };
    },

    /** An active room. */
    room(id: number): RoomId {
      const roomId = RoomId.parse(String(id));
      const creator = { id: UserId.parse('1'), username: 'user1', name: 'User 1' };
      rooms.set(roomId, {
        id: roomId,
        name: `Room ${id}`,
        description: '',
        kind: 'chat',
        creator,
        createdAt: new Date(clock.now()).toISOString(),
        active: true,
      });
      return roomId;
    },

    /** As after a restart of the store without its data. */
    emptyRooms(): void {
      roomStore.now = createMemoryRoomPresence();
    },

    /** As after a restart of the store without its data; the living nodes have said again who is with them. */
    async emptyPresence(): Promise<void> {
      presenceStore.now = createMemoryPresence();
      await Promise.all([...devices.values()].map(present));
    },

    /** The live store no longer knows of the call, nor that it keeps these users busy. */
    async forget(callId: CallId, users: readonly number[]): Promise<void> {
      const stored = await store.get(callId);
      if (stored) await store.compareAndSet(callId, stored.version, null, null);
      for (const user of users) await store.release(UserId.parse(String(user)), callId);
    },

    async ban(user: number): Promise<void> {
      const found = directoryUser(UserId.parse(String(user)));
      if (found) {
        await bus.publish(
          newEvent({ type: 'auth.user.banned', user: { ...found, status: 'banned' } }, clock),
        );
      }
    },

    async stateOf(callId: CallId) {
      return (await store.get(callId))?.state;
    },

    /** Nothing is under way on any living node. */
    async quiet(): Promise<void> {
      for (let round = 0; round < 3; round += 1) {
        for (const node of nodes) if (!node.dead) await node.context.calls.background.idle();
        for (let turn = 0; turn < 8; turn += 1) await new Promise(setImmediate);
      }
    },

    /**
     * After a scenario: no user is claimed but by a live call that has them, no ended call has anything left to tell or is hosted, and each call
     * that rang or was recorded has at most one end.
     */
    async leaks(): Promise<string[]> {
      const found: string[] = [];
      for (let user = 1; user <= 20; user += 1) {
        const userId = UserId.parse(String(user));
        const callId = await store.claimOf(userId, clock.now());
        if (callId === undefined) continue;
        const state = (await store.get(callId))?.state.state;
        if (!state || !claimants(state).includes(userId)) found.push(`user ${user} claimed by ${callId}`);
      }
      for (const callId of seen) {
        const live = (await store.get(callId))?.state;
        if (live && live.outbox.length > 0) found.push(`outbox of ${callId}`);
        const ends = events.filter((event) => event.type === 'call.ended' && event.call.id === callId);
        if (ends.length > 1) found.push(`${ends.length} ends of ${callId}`);
        if (live?.state.call.phase !== 'ended') continue;
        for (const { context, dead } of nodes) {
          if (!dead && context.calls.hosted.get(callId))
            found.push(`${context.nodeId} hosts ended ${callId}`);
        }
      }
      return found;
    },

    async [Symbol.asyncDispose]() {
      for (const node of nodes) await node.stop();
      await delivery[Symbol.asyncDispose]();
      await recorder[Symbol.asyncDispose]();
      await found[Symbol.asyncDispose]();
      await bus.close();
    },
  };
  return cluster;
}

export type CallCluster = Awaited<ReturnType<typeof createCallCluster>>;
export type TestDevice = Awaited<ReturnType<CallCluster['connect']>>;

/** Waits for a condition, in real time, and fails with what it waited for. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 5_000) {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

type Place = CommandOf<'call.place'>;

export function place(user: number, more: Partial<Place> = {}): Place {
  return {
    type: 'call.place',
    to: { kind: 'user', userId: UserId.parse(String(user)) },
    kind: 'video',
    media: 'p2p',
    negotiation: 'accept-first',
    ...more,
  };
}

export function offerFirst(user: number, offer: unknown = { type: 'offer', sdp: 'o' }): Place {
  return place(user, { negotiation: 'offer-first', offer });
}

export function jitsiPlace(user: number): Place {
  return place(user, { media: 'jitsi' });
}

export const CURRENT = { by: 'current' } as const;

export function byUser(user: number) {
  return { by: 'user', userId: UserId.parse(String(user)) } as const;
}

export function byId(callId: string) {
  return { by: 'id', callId: CallId.parse(callId) } as const;
}

export function candidate(payload: unknown, ref: CommandOf<'call.signal'>['ref'] = CURRENT) {
  return { type: 'call.signal', ref, signal: { kind: 'candidate', payload } } as const;
}

/** The value of a result that must be one. */
export function good<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.error.code} ${result.error.message}`);
  return result.value;
}

export function codeOf(result: Result<unknown>): string {
  return result.ok ? 'ok' : result.error.code;
}

export type { CommandType };
