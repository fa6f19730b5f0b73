import { randomInt, randomUUID } from 'node:crypto';
import { createMemoryBus } from '@switchboard/engine-memory';
import type { Bus, Clock } from '@switchboard/ports';
import {
  type BusEvent,
  type Call,
  CallId,
  type ConversationId,
  DeviceId,
  type DialectName,
  directMembers,
  type EventBody,
  type EventOf,
  type LiveSessions,
  MessageId,
  ok,
  type PublicUser,
  type PushContent,
  PushDeviceId,
  type QuietHours,
  type RequestReply,
  roomOf,
  SessionId,
  UserId,
  unavailable,
} from '@switchboard/protocol';
import {
  connectMongo,
  createLogger,
  createUserDirectory,
  newEvent,
  systemClock,
  uuidv7,
} from '@switchboard/service-kit';
import { pushTarget, type StoredDevice } from '../devices/device-store.ts';
import { followAll } from '../follow/follow-all.ts';
import { lookForLostEnds } from '../planning/lost-ends.ts';
import { startPlanning } from '../planning/start-planning.ts';
import { createPushes } from '../sending/create-pushes.ts';
import { fanOutModel } from '../store/fan-out-model.ts';
import { openDevices } from '../store/open-devices.ts';
import { type PushDoc, pushModel } from '../store/push-model.ts';
import { createPushStore } from '../store/push-store.ts';
import { ringModel } from '../store/ring-model.ts';
import { createRingStore } from '../store/ring-store.ts';
import { expoToken } from './push-subscription.ts';

const logger = createLogger({ level: 'silent', service: 'planning-test', nodeId: 'test' });
const FAR_MS = 3_600_000;

export const RING_ACK_MS = 3_000;

/** What a device is to be told: the content, when, and whether it is on its way. */
export interface Due {
  readonly content: PushContent;
  /** Milliseconds since 1970; absent: nothing is to be sent. */
  readonly dueAt: number | undefined;
}

/** Plans on a database and a bus of its own; nothing is sent. Signaling, chat and auth are stood in for on the bus. */
export async function startTestPlanning(mongoUrl: string) {
  let shift = 0;
  const clock: Clock = {
    now: () => systemClock.now() + shift,
    after: (...args) => systemClock.after(...args),
  };
  const bus: Bus = createMemoryBus({ clock });
  const mongo = await connectMongo(mongoUrl, { logger, appName: 'planning-test' });
  const { devices, preferences } = await openDevices(mongo);
  const pushDocs = pushModel(mongo.connection);
  await mongo.ensureIndexes([pushDocs]);
  const store = createPushStore(pushDocs);
  const pushes = createPushes({ store, clock, onPut: () => undefined });

  const live = new Map<UserId, Set<SessionId>>();
  const calls = new Map<CallId, Call>();
  const followers = new Map<ConversationId, UserId[]>();
  const unread = new Map<UserId, Partial<RequestReply<'chat.unread'>['users'][number]>>();
  const asked = { followers: 0, live: 0 };
  const self: { signalingAway: boolean; whileCounting: () => Promise<void> } = {
    signalingAway: false,
    whileCounting: async () => undefined,
  };
  await bus.serve('auth.users.get', async ({ userIds }) => ok({ users: userIds.map(directoryUser) }));
  await bus.serve('signaling.live', async ({ userIds }) => {
    asked.live += 1;
    if (self.signalingAway) throw unavailable('Signaling');
    const users = userIds.flatMap((userId): LiveSessions[] => {
      const sessions = live.get(userId);
      return sessions ? [{ userId, sessions: [...sessions] }] : [];
    });
    return ok({ users });
  });
  await bus.serve('signaling.call.get', async ({ callId }) => ok({ call: calls.get(callId) ?? null }));
  await bus.serve('chat.followers', async ({ conversationId, after, limit }) => {
    asked.followers += 1;
    const all = (followers.get(conversationId) ?? directMembers(conversationId) ?? []).toSorted();
    const behind = all.filter((id) => after === undefined || id > after);
    return ok({ userIds: behind.slice(0, limit), more: behind.length > limit });
  });
  await bus.serve('chat.unread', async ({ userIds }) => {
    const users = userIds.map((userId) => ({
      userId,
      total: 5,
      conversation: 2,
      readSeq: 0,
      ...unread.get(userId),
    }));
    await self.whileCounting();
    return ok({ users });
  });

  const directory = createUserDirectory({ bus, clock });
  const parts = { bus, clock, logger, directory, devices, preferences, pushes };
  const fanOutDocs = fanOutModel(mongo.connection);
  const planning = await startPlanning({ ...parts, mongo, ringAckMs: RING_ACK_MS });
  const following = await followAll(bus, planning.followers);

  const publish = (body: EventBody): Promise<void> => bus.publish(newEvent(body, clock) as BusEvent);
  const slot = (subject: string, device: StoredDevice) =>
    pushDocs.findOne({ _id: `${subject}:${device.id}` }).lean<PushDoc>();

  return {
    bus,
    clock,
    pushes,
    preferences,
    asked,
    self,
    /** Users who are connected, by the sessions of their sockets. */
    live,
    /** What signaling says of calls. */
    calls,
    /** Who follows rooms. */
    followers,
    /** What chat counts; by default two unread there, and five in all. */
    unread,
    /** It is later from now on. */
    pass(ms: number) {
      shift += ms;
    },
    publish,

    async device(userId: UserId, more: { sessionId?: SessionId; dialect?: DialectName } = {}) {
      const at = new Date(clock.now());
      const device: StoredDevice = {
        id: PushDeviceId.parse(uuidv7(clock.now())),
        userId,
        sessionId: more.sessionId ?? SessionId.parse(randomUUID()),
        kind: 'expo',
        platform: 'android',
        dialect: more.dialect ?? 'native',
        createdAt: at,
        lastSeenAt: at,
        address: { kind: 'expo', token: expoToken() },
      };
      await devices.insert(device, randomUUID());
      await devices.confirm(device.id, at);
      return device;
    },

    online(device: StoredDevice) {
      live.set(device.userId, new Set([...(live.get(device.userId) ?? []), device.sessionId]));
    },

    /** What this device is to be told about a call or a conversation. */
    async due(device: StoredDevice, about: CallId | ConversationId): Promise<Due | undefined> {
      const doc = await slot(about.includes('-') ? `call:${about}` : `chat:${about}`, device);
      return doc ? { content: doc.content, dueAt: doc.dueAt?.getTime() } : undefined;
    },

    /** As if a worker had taken what is due of the slot to its service. */
    async send(device: StoredDevice, about: CallId | ConversationId) {
      const id = `${about.includes('-') ? 'call' : 'chat'}:${about}:${device.id}`;
      const claimed = await store.claim([id], clock.now(), FAR_MS);
      if (claimed.length !== 1) throw new Error('nothing is due there');
      await pushDocs.updateOne({ _id: id }, { $unset: { dueAt: 1, lease: 1 }, $set: { shown: true } });
      return pushTarget(device);
    },

    /** Whether followers of the conversation are yet to be told of something. */
    noted: async (id: ConversationId) => (await fanOutDocs.exists({ _id: id })) !== null,

    lookForLostEnds: () =>
      lookForLostEnds({
        ...parts,
        rings: createRingStore(ringModel(mongo.connection), () => clock.now()),
        ringAckMs: RING_ACK_MS,
      }),

    async [Symbol.asyncDispose]() {
      await following[Symbol.asyncDispose]();
      await planning[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
      await mongo[Symbol.asyncDispose]();
      await bus.close();
    },
  };
}

export type TestPlanning = Awaited<ReturnType<typeof startTestPlanning>>;

/** Of one test alone. */
export const newUser = (): UserId => UserId.parse(String(randomInt(100_000_000, 800_000_000)));

/** An hour before and an hour behind this moment, on the clocks of UTC. */
export function quietAround(now: number): Pick<QuietHours, 'from' | 'to' | 'timeZone'> {
  const shown = (at: number) => new Date(at).toISOString().slice(11, 16);
  return { from: shown(now - 3_600_000), to: shown(now + 3_600_000), timeZone: 'UTC' };
}

export function publicUser(id: UserId): PublicUser {
  return { id, username: `user${id}`, name: `User ${id}` };
}

function directoryUser(id: UserId) {
  const createdAt = new Date(0).toISOString();
  return { ...publicUser(id), email: null, role: 'user', status: 'active', createdAt } as const;
}

export function newCall(caller: UserId, callees: readonly UserId[], now: number): Call {
  return {
    id: CallId.parse(randomUUID()),
    kind: 'voice',
    media: 'p2p',
    phase: 'ringing',
    caller: publicUser(caller),
    callerDevice: { deviceId: DeviceId.parse(randomUUID()), dialect: 'native' },
    callees: callees.map(publicUser),
    createdAt: new Date(now).toISOString(),
  };
}

export function ringing(
  call: Call,
  until: number,
  more: Partial<EventOf<'call.ringing'>> = {},
): EventBody<EventOf<'call.ringing'>> {
  return {
    type: 'call.ringing',
    call,
    reachable: call.callees.map(({ id }) => id),
    ring: { until: new Date(until).toISOString(), negotiation: 'accept-first', offered: false },
    ...more,
  };
}

export function said(
  conversationId: ConversationId,
  seq: number,
  from: UserId,
  content: string,
): EventBody<EventOf<'chat.message.created'>> {
  const roomId = roomOf(conversationId);
  const receiverId = directMembers(conversationId)?.find((id) => id !== from);
  return {
    type: 'chat.message.created',
    message: {
      id: MessageId.parse(uuidv7(Date.now())),
      conversationId,
      seq,
      sender: publicUser(from),
      ...(roomId === undefined ? {} : { roomId }),
      ...(receiverId === undefined ? {} : { receiverId }),
      content,
      contentType: 'text',
      createdAt: new Date().toISOString(),
      readBy: [],
    },
  };
}
