import { randomUUID } from 'node:crypto';
import { createMemoryBus } from '@switchboard/engine-memory';
import type { Bus } from '@switchboard/ports';
import {
  type BusEvent,
  CallId,
  ConversationId,
  type EventOf,
  MessageId,
  type PushContent,
  PushDeviceId,
  SessionId,
  UserId,
} from '@switchboard/protocol';
import {
  connectMongo,
  createLogger,
  createMetrics,
  type Metrics,
  type MongoHandle,
  systemClock,
} from '@switchboard/service-kit';
import { notificationConfig } from '../config.ts';
import { type DeviceAddress, pushTarget, type StoredDevice } from '../devices/device-store.ts';
import { createSending, type Sending } from '../sending/create-sending.ts';
import type { NewPush } from '../sending/pushes.ts';
import type { PushDoc } from '../store/push-model.ts';
import { JWT_SECRET } from './accounts.ts';

const logger = createLogger({ level: 'silent', service: 'sending-test', nodeId: 'test' });

/** Devices by themselves, without routes and sessions. */
export class DeviceShelf {
  readonly all = new Map<PushDeviceId, StoredDevice>();
  /** By device, what the newest push that was tried came to. */
  readonly pushedWith = new Map<PushDeviceId, string | undefined>();

  add(address: DeviceAddress, user = '1'): StoredDevice {
    const device: StoredDevice = {
      id: PushDeviceId.parse(randomUUID()),
      userId: UserId.parse(user),
      sessionId: SessionId.parse(randomUUID()),
      kind: address.kind,
      platform: 'other',
      dialect: 'native',
      createdAt: new Date(),
      lastSeenAt: new Date(),
      address,
    };
    this.all.set(device.id, device);
    return device;
  }

  readonly getAll = async (ids: readonly PushDeviceId[]) => ids.flatMap((id) => this.all.get(id) ?? []);
  readonly remove = async (id: PushDeviceId): Promise<void> => {
    this.all.delete(id);
  };
  readonly pushed = async (id: PushDeviceId, _at: Date, error?: string): Promise<void> => {
    this.pushedWith.set(id, error);
  };
}

export interface SendingBench extends AsyncDisposable {
  readonly sending: Sending;
  readonly devices: DeviceShelf;
  readonly bus: Bus;
  readonly metrics: Metrics;
  readonly mongo: MongoHandle;
  /** What was told of pushes about calls. */
  readonly told: readonly EventOf<'call.pushed'>[];
  put(device: StoredDevice, ...contents: PushContent[]): Promise<void>;
  slots(): Promise<PushDoc[]>;
}

export interface SendingBenchOptions {
  readonly mongoUrl: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly devices?: DeviceShelf;
}

/** Sending by itself: what is put comes from the test, and devices are where the test put them. */
export async function startSendingBench({
  mongoUrl,
  env,
  devices = new DeviceShelf(),
}: SendingBenchOptions): Promise<SendingBench> {
  const config = notificationConfig.parse({
    JWT_SECRET,
    MONGO_URL: mongoUrl,
    WEBHOOK_ALLOW_PRIVATE: 'true',
    PUSH_POLL_INTERVAL: '50ms',
    ...env,
  });
  const bus = createMemoryBus({ clock: systemClock });
  const told: EventOf<'call.pushed'>[] = [];
  await bus.consume({ durable: 'test', types: ['call.pushed'] }, async (event: BusEvent) => {
    if (event.type === 'call.pushed') told.push(event);
  });
  const mongo = await connectMongo(mongoUrl, { logger, appName: 'sending-test' });
  const metrics = createMetrics({ service: 'sending-test' });
  const sending = await createSending(config, { bus, clock: systemClock, logger, metrics, mongo, devices });
  return {
    sending,
    devices,
    bus,
    metrics,
    mongo,
    told,
    async put(device, ...contents) {
      for (const content of contents) await sending.pushes.put([newPush(device, content)]);
    },
    slots: () => mongo.connection.collection<PushDoc>('pushes').find().toArray(),
    async [Symbol.asyncDispose]() {
      await sending[Symbol.asyncDispose]();
      await mongo[Symbol.asyncDispose]();
      await bus.close();
    },
  };
}

export function newPush(device: StoredDevice, content: PushContent): NewPush {
  return { target: pushTarget(device), userId: device.userId, content };
}

const caller = { id: UserId.parse('2'), username: 'bob', name: 'Bob Smith' };
export const newCallId = (): CallId => CallId.parse(randomUUID());

export function incoming(callId = newCallId(), ringMs = 30_000): PushContent {
  const expiresAt = new Date(Date.now() + ringMs).toISOString();
  return { type: 'call.incoming', callId, kind: 'video', media: 'p2p', from: caller, expiresAt };
}

export function cancelled(callId: CallId): PushContent {
  return { type: 'call.cancelled', callId, reason: 'answered_elsewhere' };
}

export function missed(callId: CallId): PushContent {
  const at = new Date().toISOString();
  return { type: 'call.missed', callId, kind: 'video', from: caller, at, badge: 2 };
}

export function message(seq: number, conversation = 'd:1:2', preview = `message ${seq}`): PushContent {
  return {
    type: 'message',
    conversationId: ConversationId.parse(conversation),
    messageId: MessageId.parse(randomUUID()),
    seq,
    from: caller,
    contentType: 'text',
    preview,
    unread: seq,
    badge: seq + 1,
  };
}

export function read(upToSeq: number, conversation = 'd:1:2'): PushContent {
  const conversationId = ConversationId.parse(conversation);
  return { type: 'conversation.read', conversationId, upToSeq, badge: 0 };
}
