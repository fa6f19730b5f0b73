import { randomUUID } from 'node:crypto';
import { createMemoryBus } from '@switchboard/engine-memory';
import type { Bus, Clock } from '@switchboard/ports';
import {
  CallId,
  DeviceId,
  type EventOf,
  type Identity,
  SessionId,
  SwitchboardError,
  UserId,
} from '@switchboard/protocol';
import {
  connectMongo,
  createLogger,
  createMetrics,
  createOwner,
  type MongoHandle,
  newEvent,
} from '@switchboard/service-kit';
import { followAll } from '../follow/follow-all.ts';
import { createOutside } from '../outside/guarded-request.ts';
import type { ResolveName } from '../outside/resolve-name.ts';
import { type WebhookDeliveryModel, webhookDeliveryModel } from '../store/webhook-delivery-model.ts';
import { type WebhookModel, webhookModel } from '../store/webhook-model.ts';
import { startWebhooks, type Webhooks } from '../webhooks/start-webhooks.ts';

export interface TestWebhooks extends AsyncDisposable {
  readonly bus: Bus;
  readonly mongo: MongoHandle;
  readonly webhooks: WebhookModel;
  readonly deliveries: WebhookDeliveryModel;
  /** Another node on the same bus and database. */
  node(): Promise<Webhooks>;
  /** Asks a route as the administrator `1`, its schemas included. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes and assert what they find.
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>;
  /** Publishes the end of a call; the event. */
  endCall(): Promise<EventOf<'call.ended'>>;
}

export interface TestWebhooksOptions {
  readonly mongoUrl: string;
  readonly clock: Clock;
  readonly allowPrivate?: boolean;
  readonly resolve?: ResolveName;
}

const admin: Identity = {
  id: UserId.parse('1'),
  username: 'admin',
  name: 'Admin',
  email: null,
  role: 'admin',
  sessionId: SessionId.parse(randomUUID()),
};

/** Webhooks alone, on a database of a test's own. */
export async function startTestWebhooks(options: TestWebhooksOptions): Promise<TestWebhooks> {
  const { clock, mongoUrl, allowPrivate = true, resolve } = options;
  const owner = createOwner();
  const logger = createLogger({ level: 'silent', service: 'webhooks-test', nodeId: 'test' });
  const mongo = owner.own(await connectMongo(mongoUrl, { logger, appName: 'webhooks-test' }));
  const bus = createMemoryBus({ clock });
  owner.defer(() => bus.close());
  const node = async (): Promise<Webhooks> => {
    const outside = owner.own(
      createOutside({ allowPrivate, allowHttp: true, ...(resolve ? { resolve } : {}) }),
    );
    const metrics = createMetrics({ service: 'webhooks-test' });
    const webhooks = owner.own(await startWebhooks({ bus, clock, logger, mongo, metrics, outside }));
    owner.own(await followAll(bus, [webhooks.follower]));
    return webhooks;
  };
  const { routes } = await node();
  return {
    bus,
    mongo,
    webhooks: webhookModel(mongo.connection),
    deliveries: webhookDeliveryModel(mongo.connection),
    node,
    async ask(method, target, body) {
      const { pathname, searchParams } = new URL(target, 'http://test');
      for (const route of routes) {
        const names: string[] = [];
        const pattern = route.path.replace(/:(\w+)/g, (_, name: string) => {
          names.push(name);
          return '([^/]+)';
        });
        const match = new RegExp(`^${pattern}$`).exec(pathname);
        if (!match || route.method !== method.toLowerCase()) continue;
        const params = Object.fromEntries(names.map((name, at) => [name, match[at + 1]]));
        try {
          return (await route.handle({
            params: route.params?.parse(params),
            query: route.query?.parse(Object.fromEntries(searchParams)),
            body: route.body?.parse(body ?? {}),
            actor: admin,
            ip: '127.0.0.1',
            userAgent: undefined,
            headers: {},
            origin: 'http://test',
            url: target,
          })) as { status: number; body: unknown };
        } catch (error) {
          if (error instanceof SwitchboardError) return { status: 0, body: error.rejection };
          throw error;
        }
      }
      throw new Error(`no route ${method} ${target}`);
    },
    async endCall() {
      const event = newEvent(endedCall(clock), clock);
      await bus.publish(event);
      return event;
    },
    [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
  };
}

function endedCall(clock: Clock) {
  const at = new Date(clock.now()).toISOString();
  const party = (id: string) => ({ id: UserId.parse(id), username: `user${id}`, name: `User ${id}` });
  return {
    type: 'call.ended' as const,
    call: {
      id: CallId.parse(randomUUID()),
      kind: 'voice' as const,
      media: 'p2p' as const,
      caller: party('1'),
      callerDevice: { deviceId: DeviceId.parse(randomUUID()), dialect: 'native' as const },
      callees: [party('2')],
      createdAt: at,
      endedAt: at,
      endReason: 'cancelled' as const,
      phase: 'ended' as const,
    },
    reason: 'cancelled' as const,
    from: 'ringing' as const,
  };
}
