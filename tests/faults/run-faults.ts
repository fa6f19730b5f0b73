import { randomBytes } from 'node:crypto';
import { startCluster } from '@switchboard/deploy-cluster';
import { createLogger } from '../../packages/service-kit/src/logger.ts';
import { createOwner } from '../../packages/service-kit/src/owner.ts';
import { startExpoStandIn } from '../../services/notification/src/testing/expo-stand-in.ts';
import { temporaryFolder } from '../harness/server-process.ts';
import { checkCalls } from './checker/check-calls.ts';
import { checkLines, type LineLimits } from './checker/check-lines.ts';
import { checkMessages, type StoredMessage } from './checker/check-messages.ts';
import { checkPushes, type PushFindings } from './checker/check-pushes.ts';
import { momentsOfDeath } from './checker/moments-of-death.ts';
import type { Span } from './checker/outages.ts';
import { readStored } from './checker/read-stored.ts';
import type { FaultReport } from './checker/report.ts';
import { createCuttableLine } from './inflict/cuttable-line.ts';
import { Ground } from './inflict/ground.ts';
import { inflict } from './inflict/inflict.ts';
import { type FaultKind, makeSchedule, type Pace, type Shape } from './inflict/schedule.ts';
import { type Account, makeAccounts } from './load/accounts.ts';
import { createCallLoad } from './load/call-load.ts';
import { type ChatLoad, createChatLoad } from './load/chat-load.ts';
import { VOCABULARIES } from './load/other-client.ts';
import { createPushLoad, type PushLoad } from './load/push-load.ts';
import { RunLog } from './load/run-log.ts';
import { watchMachine } from './machine.ts';
import { seededRows } from './random.ts';

export interface FaultRunOptions {
  readonly seed: number;
  /** Processes killed without a word, at least. */
  readonly kills: number;
  /** The load goes on until so many are acknowledged, also when the faults are over. */
  readonly messages: number;
  /** No fault begins after this. */
  readonly maxMs: number;
  readonly pace: Pace;
  readonly kinds?: readonly FaultKind[];
  readonly signaling: number;
  readonly nats: 1 | 3;
  /** Users who write. */
  readonly users: number;
  /** Messages a second. */
  readonly rate: number;
  /** Pairs in a call that lasts, and pairs that call again and again. */
  readonly liveCalls: number;
  readonly ringing: number;
  /** Users who are reached by push alone, each written to and called again and again. */
  readonly sleepers: number;
  readonly ringTimeoutMs: number;
  /** Of presence and of seats in calls: a node that dies keeps its sockets so long. */
  readonly leaseMs: number;
  /** Between a service's being told to stop and its turning anybody away. */
  readonly drainDelay: string;
  readonly limits: LineLimits & { readonly ringEndsWithinMs: number };
  /** Told what happens, a line each. */
  readonly tell: (line: string) => void;
  /** Keep the data and the processes' log there; default a folder that is removed. */
  readonly dataDir?: string;
}

/** Of every other service, as many as it takes for one of the kind to die. */
export function shapeOf({ signaling, nats }: Pick<FaultRunOptions, 'signaling' | 'nats'>) {
  return { signaling, nats, auth: 1, chat: 2, notification: 1 } satisfies Shape;
}

/** Entries that the log of a run may hold; at 36 bytes each. */
const LOG_CAPACITY = 4_000_000;
/** Whatever may keep an event from leaving at once with its message. */
const LEAVES_TO_SWEEP: ReadonlySet<string> = new Set<FaultKind>([
  'chat-kill',
  'nats-kill-one',
  'nats-kill-all',
  'nats-emptied',
  'database-kill',
  'database-pause',
  'rolling-restart',
]);
/** A healed cluster brings everybody back within this, on any machine. */
const CALM_WITHIN_MS = 90_000;
/** Nobody is busy without a call so long after the last fault was healed. */
const GHOSTS_GONE_WITHIN_MS = 60_000;
/** As long as a dead sender's claims last, and then some. */
const PUSHED_WITHIN_MS = 120_000;
/** What a dead sender had in hand is taken until then. */
const IN_HAND_MS = 1_000;
const quiet = createLogger({ level: 'error', service: 'faults', nodeId: 'checker' });
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs a cluster under load, takes its processes away as the seed says, and compares what its clients were told with what it holds in the end. */
export async function runFaults(options: FaultRunOptions): Promise<FaultReport> {
  const { seed, tell, limits } = options;
  const beganAt = performance.now();
  using machine = watchMachine();
  const shape = shapeOf(options);
  const schedule = makeSchedule({
    seed,
    kills: options.kills,
    shape,
    pace: options.pace,
    ...(options.kinds ? { kinds: options.kinds } : {}),
  });
  const data = options.dataDir ? { path: options.dataDir, remove: async () => {} } : await temporaryFolder();
  await using cleanUp = createOwner();
  cleanUp.defer(() => data.remove());
  const line = cleanUp.own(createCuttableLine());
  const expo = cleanUp.own(await startExpoStandIn());
  const cluster = cleanUp.own(
    await startCluster({
      dataDir: data.path,
      ...shape,
      env: {
        JWT_SECRET: randomBytes(32).toString('hex'),
        ADMIN_PASSWORD: randomBytes(16).toString('hex'),
        BCRYPT_COST: '4',
        RING_TIMEOUT_MS: String(options.ringTimeoutMs),
        PRESENCE_LEASE_MS: String(options.leaseMs),
        DRAIN_DELAY: options.drainDelay,
        RATE_LIMIT_MESSAGES: 'off',
        RATE_LIMIT_CALLS: 'off',
        RATE_LIMIT_LOGIN: 'off',
        RATE_LIMIT_DEVICES: 'off',
        EXPO_BASE_URL: expo.url,
        EXPO_RECEIPT_DELAY_MS: '2000',
        SEED_DEMO: 'false',
      },
      natsHosts: (name, hosts) => (name === `call-signaling-${shape.signaling}` ? line.before(hosts) : hosts),
    }),
  );
  const { url } = cluster;
  const log = new RunLog(LOG_CAPACITY);
  const ground = new Ground(cluster, log.now);
  cleanUp.defer(() => ground[Symbol.dispose]());

  const callPairs = options.liveCalls + options.ringing;
  const others = Object.keys(VOCABULARIES).length * 2;
  const accounts = await makeAccounts(url, options.users + others + callPairs * 2 + options.sleepers * 2);
  const take = (count: number): Account[] => accounts.splice(0, count);
  const [writers, otherWriters, callers] = [take(options.users), take(others), take(callPairs * 2)];
  const [wakers, sleepers] = [take(options.sleepers), take(options.sleepers)];
  const rows = seededRows(seed);
  const pushLoad = await createPushLoad({
    url,
    standIn: expo,
    sleepers,
    now: log.now,
    random: rows('push service'),
  });
  cleanUp.defer(() => pushLoad[Symbol.dispose]());
  const chat = await createChatLoad({
    url,
    log,
    accounts: writers,
    others: otherWriters,
    sleepers,
    rate: options.rate,
    run: String(seed),
    rows,
  });
  cleanUp.defer(() => chat.close());
  const calls = createCallLoad({
    url,
    log,
    accounts: callers,
    wakers,
    sleepers,
    live: options.liveCalls,
    firstWho: options.users + others,
    rows,
  });
  cleanUp.defer(() => calls.close());
  chat.start();
  calls.start();

  const faults: Span[] = [];
  for (const fault of schedule) {
    await pass(fault.afterMs);
    if (log.now() > options.maxMs) {
      tell(`no time for more faults after ${Math.round(log.now() / 1_000)} s`);
      break;
    }
    const from = log.now();
    const before = chat.acked;
    await inflict(fault, { ground, line, dataDir: data.path, pushesInHand: () => pushLoad.inHand() });
    if (fault.kind === 'nats-emptied') calls.newsLost();
    await ground.healed();
    const seconds = ((log.now() - from) / 1_000).toFixed(1);
    tell(
      `${(from / 1_000).toFixed(1)} s: ${fault.kind}, whole again after ${seconds} s, ${chat.acked - before} acked meanwhile, ${chat.acked} in all`,
    );
    faults.push({ what: fault.kind, from, to: log.now() });
  }
  while (chat.acked < options.messages && log.now() < options.maxMs && !log.operations.full) await pass(200);

  await chat.finish(CALM_WITHIN_MS);
  await calls.finish(CALM_WITHIN_MS);
  await everybodyCaughtUp(chat);
  const healedAt = faults.at(-1)?.to ?? 0;
  const freeBy = healedAt + GHOSTS_GONE_WITHIN_MS;
  const aftermath = await calls.aftermath(GHOSTS_GONE_WITHIN_MS, freeBy);
  const stored = await readStored(cluster.mongoUrl, chat.conversations, quiet);
  const pushes = await everybodyPushed({ pushLoad, chat, stored, ground });
  const newsLost = faults.filter(({ what }) => what === 'nats-emptied');
  // What is lost from now on is our own going.
  const lines = [...log.lines];
  const busy = [...aftermath.busy, ...(await calls.busySleepers(freeBy))];
  for (const [what, count] of log.refusals) tell(`refused: ${what}, ${count} times`);
  return {
    seed,
    kills: ground.killed.length,
    stopped: ground.ended.length - ground.killed.length,
    died: ground.died,
    seconds: (performance.now() - beganAt) / 1_000,
    moments: momentsOfDeath(
      log.operations,
      ground.killed.filter(({ name }) => name.startsWith('chat')).map(({ at }) => at),
    ),
    messages: checkMessages(log.operations, stored, {
      followers: chat.followers,
      vocabularyOf: chat.vocabularyOf,
      swept: faults.filter(({ what }) => LEAVES_TO_SWEEP.has(what)),
    }),
    lines: checkLines(lines, { outages: ground.outages, faults }, limits),
    calls: checkCalls(log.calls, { ...aftermath, busy }, { silences: ground.silences, newsLost }, limits),
    pushes: { ...pushes, malformed: expo.complaints.length },
    machine: machine.findings(),
    faults: timesOf(faults),
  };
}

/** How long each of a kind took to be whole again, in words. */
function timesOf(faults: readonly Span[]): Readonly<Record<string, string>> {
  const times = new Map<string, string[]>();
  for (const { what, from, to } of faults) {
    times.set(what, [...(times.get(what) ?? []), `${((to - from) / 1_000).toFixed(1)} s`]);
  }
  return Object.fromEntries([...times].map(([kind, each]) => [kind, each.join(', ')]));
}

/** Whoever is connected asks once more for all that it follows; then it has been told of everything. */
async function everybodyCaughtUp({ clients }: ChatLoad): Promise<void> {
  const deadline = performance.now() + CALM_WITHIN_MS;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < deadline) {
        if (client.socket.caughtUp && (await client.repair())) return;
        await pass(250);
      }
    }),
  );
}

interface PushScene {
  readonly pushLoad: PushLoad;
  readonly chat: ChatLoad;
  readonly stored: ReadonlyMap<number, readonly StoredMessage[]>;
  readonly ground: Ground;
}

/** Waits for pushes that are due, and tells what was pushed in all. */
async function everybodyPushed({ pushLoad, chat, stored, ground }: PushScene): Promise<PushFindings> {
  const { pushes, owners, stalls } = pushLoad;
  const devices = new Map([...owners].map(([device, owner]) => [device, chat.asleep[owner] ?? -1]));
  for (const deadline = performance.now() + PUSHED_WITHIN_MS; ; ) {
    const deaths = ground.ended
      .filter(({ name }) => /^(notification|database)/.test(name))
      .map(({ name, at }) => ({ what: name, from: at, to: at + IN_HAND_MS }));
    const setbacks = [...deaths, ...ground.outages, ...stalls];
    const findings = checkPushes({ pushes, devices, stored, setbacks });
    if (findings.untold + findings.ringingOn === 0 || performance.now() > deadline) return findings;
    await pass(500);
  }
}
