import { randomUUID } from 'node:crypto';
import { dialects } from '@switchboard/dialects';
import type { Bus, Clock, LiveCalls, Presence, RateLimits, RoomPresence } from '@switchboard/ports';
import { NodeId, UserId, unavailable } from '@switchboard/protocol';
import {
  createOwner,
  createSessionVerifier,
  createTokenKey,
  createUserDirectory,
  type Logger,
  type Metrics,
  type MongoHandle,
  type Service,
  type SessionVerifier,
  type UserDirectory,
} from '@switchboard/service-kit';
import type { Server } from 'socket.io';
import { createCallNode } from './calls/call-node.ts';
import { createCallLifecycle } from './calls/lifecycle.ts';
import type { LiveCall } from './calls/live-call.ts';
import { serveCall } from './calls/serve-call.ts';
import { assertSignalingConfig, type SignalingConfig } from './config.ts';
import type { SignalingContext } from './context.ts';
import { deliverCallEvent } from './deliver/call-events.ts';
import { startDelivery } from './deliver/consumer.ts';
import { tellEndsAgain } from './deliver/tell-ends-again.ts';
import { createAdmit } from './edge/admission.ts';
import { createDispatcher } from './edge/dispatcher.ts';
import { openEdge } from './edge/edge.ts';
import { createEdgeMetrics } from './edge/edge-metrics.ts';
import { hurryGoodbyes } from './edge/goodbye.ts';
import { createSessionRegistry } from './edge/session-registry.ts';
import { watchSessions } from './edge/session-watch.ts';
import { createSocketServer, HEARTBEAT } from './edge/socket-server.ts';
import { createFence } from './fence/fence.ts';
import { createHandlers } from './handlers/index.ts';
import { createPresenceList } from './handlers/presence-list.ts';
import { adminCallRoutes } from './http/admin-call-routes.ts';
import { callRoutes } from './http/call-routes.ts';
import { iceRoutes } from './http/ice-routes.ts';
import { createIceServers } from './ice/ice-servers.ts';
import { startIceRenewal } from './ice/renewal.ts';
import { createJitsiRoom } from './jitsi/jitsi-room.ts';
import { createAnnouncer } from './presence/announcer.ts';
import { createAttendance } from './presence/attendance.ts';
import { contactsOnly, everyone } from './presence/audience.ts';
import { createContacts } from './presence/contacts.ts';
import { createOnlineList } from './presence/online-list.ts';
import { serveLive } from './presence/serve-live.ts';
import { createRawServer } from './raw/raw-server.ts';
import { createRoster } from './rooms/roster.ts';
import { createSocketIoRouter } from './router/socket-io-router.ts';
import { keepRecords } from './store/keep-records.ts';

/** What a host provides. None of it is closed with the service. */
export interface SignalingDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly mongo: MongoHandle;
  readonly liveCalls: LiveCalls<LiveCall>;
  readonly presence: Presence;
  readonly roomPresence: RoomPresence;
  readonly rates: RateLimits;
  /** Shared with other services of the process; made here when absent. */
  readonly verifier?: SessionVerifier;
  readonly directory?: UserDirectory;
  readonly nodeId?: NodeId;
  /** Calls back whenever the way from other nodes to this one's sockets is open again after it was closed. */
  readonly onReachedAgain?: (listener: () => void) => void;
  /** Joins the Socket.IO servers of several nodes; absent: this node is alone. */
  readonly adapter?: Parameters<Server['adapter']>[0];
}

/**
 * One signaling node: every Socket.IO socket of its HTTP server, presence, the router and the live calls.
 * @throws ConfigError; SwitchboardError, retryable, while the bus or the database is away.
 */
export async function createSignaling(config: SignalingConfig, deps: SignalingDeps): Promise<Service> {
  assertSignalingConfig(config);
  const { bus, clock, logger, metrics, presence } = deps;
  const nodeId = deps.nodeId ?? NodeId.parse(`signaling-${randomUUID()}`);
  const owner = createOwner();
  const own = owner.own.bind(owner);

  try {
    const directory = deps.directory ?? own(createUserDirectory({ bus, clock }));
    const key = createTokenKey(config.JWT_SECRET);
    const verifier = deps.verifier ?? own(createSessionVerifier({ key, bus, clock }));

    let accepting = true;
    const io = createSocketServer(config, () => accepting);
    if (deps.adapter) io.adapter(deps.adapter);
    const namespace = io.of('/');
    // Last of all: the way to other nodes' sockets. Not io.close(), for the HTTP server belongs to the host.
    owner.defer(() => namespace.adapter.close());
    const sockets = metrics.gauge('signaling_sockets', 'Authenticated sockets on this node');
    const registry = createSessionRegistry((size) => sockets.set(size));
    const iceServers = createIceServers(
      {
        stunUrls: config.STUN_URLS,
        turnUrls: config.TURN_URLS,
        turnSecret: config.TURN_SECRET === undefined ? undefined : createTokenKey(config.TURN_SECRET),
        turnTtlMs: config.TURN_TTL,
      },
      clock,
    );
    const jitsiRoom = createJitsiRoom(
      {
        domain: config.JITSI_DOMAIN,
        appId: config.JITSI_APP_ID,
        appSecret:
          config.JITSI_APP_SECRET === undefined ? undefined : createTokenKey(config.JITSI_APP_SECRET),
      },
      clock,
    );
    const ways = { jitsiRoom, iceServers };
    const router = createSocketIoRouter({
      namespace,
      localSocket: (deviceId) => registry.get(deviceId)?.socket,
      dialects,
      presence,
      clock,
      ways,
    });
    const leaseMs = config.PRESENCE_LEASE_MS;
    const fence = own(
      createFence({
        leaseMs,
        clock,
        logger,
        async probe() {
          await presence.devicesOf(UserId.parse('1'), clock.now());
          if (!bus.health().up) throw unavailable('The bus');
        },
        isUp: () => bus.health().up,
      }),
    );
    // Every node renews its leases each third of their time, and the seats of calls at once when it is back.
    const mayBury = (): boolean => fence.mayAct(leaseMs / 2);
    const mayActOnCalls = (): boolean => fence.mayAct(leaseMs / 6);
    const rooms = own(
      await createRoster({
        nodeId,
        leaseMs,
        coalesceMs: config.PRESENCE_COALESCE_MS,
        roomPresence: {
          ...deps.roomPresence,
          sweep: async (now) => (mayBury() ? deps.roomPresence.sweep(now) : []),
        },
        bus,
        clock,
        logger,
        directory,
        router,
      }),
    );
    const { history, ledger } = await keepRecords(
      {
        mongo: deps.mongo,
        bus,
        clock,
        logger,
        liveCalls: deps.liveCalls,
        keepMs: config.RING_LEDGER_TTL,
      },
      owner,
    );
    const context: SignalingContext = {
      config,
      nodeId,
      bus,
      clock,
      logger,
      metrics,
      liveCalls: deps.liveCalls,
      history,
      ledger,
      calls: createCallNode(),
      timings: {
        ringMs: config.RING_TIMEOUT_MS,
        graceMs: config.RECONNECT_GRACE_MS,
        leaseMs,
      },
      time: () => (mayActOnCalls() ? 'acts' : 'waits'),
      isCut: () => fence.isCut(),
      presence,
      rates: deps.rates,
      directory,
      verifier,
      router,
      rooms,
    };

    const online = createOnlineList(presence, directory, clock);
    const audience =
      config.PRESENCE_SCOPE === 'everyone'
        ? everyone(router)
        : contactsOnly(router, createContacts(bus, directory, clock));
    const announcer = own(
      createAnnouncer({
        coalesceMs: config.PRESENCE_COALESCE_MS,
        clock,
        logger,
        directory,
        online,
        audience,
      }),
    );
    own(await serveLive({ bus, clock, presence, knows: mayActOnCalls }));
    own(await serveCall({ bus, liveCalls: deps.liveCalls, history }));
    own(await startDelivery(context, deliverCallEvent));
    own(startIceRenewal(context, iceServers, config.TURN_TTL));
    const lifecycle = own(await createCallLifecycle(context, mayActOnCalls));
    const attendance = own(
      createAttendance({
        nodeId,
        leaseMs,
        presence,
        clock,
        logger,
        registry,
        announcer,
        audience,
        online,
        lifecycle,
        rooms,
        mayBury,
      }),
    );
    fence.onReturn(() => {
      attendance.renew();
      lifecycle.renew();
    });
    own(whenReachedAgain(() => tellEndsAgain(context), deps.onReachedAgain));
    own(await watchSessions({ bus, clock, logger, registry, reverifyMs: config.SESSION_REVERIFY_MS }));
    const admission = {
      nodeId,
      verifier,
      presence,
      clock,
      registry,
      requireHandshakeToken: config.REQUIRE_HANDSHAKE_TOKEN,
    };
    const admit = createAdmit(admission);
    const edge = own(
      openEdge(io, registry, admission, {
        config,
        clock,
        logger,
        metrics: createEdgeMetrics(metrics),
        dispatcher: createDispatcher(createHandlers(createPresenceList(online, audience)), context),
        attendance,
        ways,
        admit,
      }),
    );
    const raw = own(
      createRawServer({
        io,
        trusted: config.CLIENT_URL,
        bus,
        clock,
        logger,
        metrics,
        admit,
        accepting: () => accepting,
        heartbeat: HEARTBEAT,
      }),
    );

    return {
      name: 'call-signaling',
      routes: [
        ...callRoutes({ history, ledger, rates: deps.rates, reportRate: config.RATE_LIMIT_CALLS }),
        ...adminCallRoutes({ history, ledger, clock }),
        ...iceRoutes(iceServers),
      ],
      checks: [
        {
          name: 'signaling',
          async check() {
            if (!accepting) throw unavailable('This node');
          },
        },
        {
          name: 'bus',
          async check() {
            if (!bus.health().up) throw unavailable('The bus');
          },
        },
        fence.check,
        deps.mongo.check,
        {
          name: 'presence',
          async check() {
            await presence.devicesOf(UserId.parse('1'), clock.now());
            await deps.roomPresence.roomsOf(UserId.parse('1'), clock.now());
          },
        },
      ],
      attach(server) {
        io.attach(server);
        hurryGoodbyes(io);
        raw.attach(server);
      },
      async drain(withinMs) {
        accepting = false;
        await edge.drain(withinMs);
      },
      async [Symbol.asyncDispose]() {
        accepting = false;
        await owner[Symbol.asyncDispose]();
      },
    };
  } catch (err) {
    await owner[Symbol.asyncDispose]();
    throw err;
  }
}

/** Runs `act` at each return, the latest in place of one that still waits; none any more once disposed. */
function whenReachedAgain(
  act: () => Disposable,
  onReachedAgain: SignalingDeps['onReachedAgain'],
): AsyncDisposable {
  let waiting: Disposable | undefined;
  let disposed = false;
  onReachedAgain?.(() => {
    waiting?.[Symbol.dispose]();
    waiting = disposed ? undefined : act();
  });
  return {
    async [Symbol.asyncDispose]() {
      disposed = true;
      waiting?.[Symbol.dispose]();
    },
  };
}
