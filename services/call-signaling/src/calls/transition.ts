import { type CallCommand, type CallRefusal, type CallState, decideCall } from '@switchboard/domain';
import { type CallEvent, type CallId, type EventBody, type NodeId, unavailable } from '@switchboard/protocol';
import { newEvent } from '@switchboard/service-kit';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import type { UnsureSeat } from './call-node.ts';
import { confirmClaims, releaseClaims } from './claims.ts';
import { refuseWhileCut } from './cut-off.ts';
import { deadlineOf, type LiveCall, OUTBOX_GRACE_MS, socketsIn } from './live-call.ts';
import { load } from './load.ts';
import { seatOf } from './parties.ts';
import { publishEvents } from './publish.ts';
import { remember } from './remember.ts';
import { canJoin } from './ringable.ts';
import { tellNodes } from './tell-nodes.ts';

/** Every round one of the racers wins, so this many nodes' worth of rivals must be unlucky in a row. */
const MAX_ROUNDS = 64;

/** What a node knows of its own sockets, and time, which whoever is cut off does not bring up; all else somebody asks for. */
const OF_ITSELF: ReadonlySet<CallCommand['type']> = new Set(['renew', 'device-lost', 'tick']);

export interface Applied {
  readonly ok: true;
  readonly before: CallState | undefined;
  readonly state: CallState;
  /** False when the command asked for what is so already. */
  readonly changed: boolean;
}

export type Transition =
  | Applied
  | { readonly ok: false; readonly refusal: CallRefusal; readonly state: CallState | undefined };

export interface TransitionOptions {
  /** The socket that takes a seat by this. */
  readonly session?: Session;
  /** Whose word it is, if not that socket's: events that name its device name its session, too. */
  readonly by?: Session;
  /**
   * Runs once the change is stored and before anybody is told of it or this node changes the call again. Should the reply of the store be lost, it runs
   * when the change is found there: when it is asked for again, or by `catchUp`. What it returns is about the caller of an answered call: whether its
   * device was told now.
   */
  readonly applied?: (live: LiveCall) => Promise<boolean | undefined>;
}

/**
 * The one way in which a call changes: load, decide, compare-and-set, again from the start when another was faster. The events are stored with the
 * change and published afterwards, off the path of whoever waits.
 *
 * @throws SwitchboardError, retryable: this node is cut off and somebody asks for the change, then nothing is stored; or the store is away, then nobody
 * knows. A seat that was taken nevertheless is looked after once it is known; so is an end, by whichever node sweeps.
 */
export function transition(
  context: SignalingContext,
  callId: CallId,
  command: CallCommand,
  options: TransitionOptions = {},
): Promise<Transition> {
  return context.calls.changes.run(callId, () => change(context, callId, command, options));
}

/** `transition` for work that runs in the call's queue already. */
export async function change(
  context: SignalingContext,
  callId: CallId,
  command: CallCommand,
  options: TransitionOptions = {},
): Promise<Transition> {
  const { clock, timings } = context;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const current = await load(context, callId);
    const before = current?.live.state;
    const now = clock.now();
    const decision = decideCall(before, command, now, timings, context.time?.());
    if (!decision.ok) {
      if (current) remember(context, current.live);
      return { ...decision, state: before };
    }
    const { state } = decision;
    if (state === before) {
      if (current) await known(context, current.live, options);
      return { ok: true, before, state, changed: false };
    }
    if (!OF_ITSELF.has(command.type)) refuseWhileCut(context);
    const events = decision.events.map((body) =>
      newEvent(withSession(body, options.by ?? options.session), clock),
    );
    const live: LiveCall = {
      state,
      outbox: [...(current?.live.outbox ?? []), ...events],
      ...callerToldAfter(command, current?.live, now),
      ...socketsIn(state, current?.live, options.session, context.nodeId),
    };
    const stored = await store(context, live, current?.version ?? 0).catch((err: unknown) => {
      const { session } = options;
      if (session) context.calls.unsure.set(session, { callId, options: { ...options, session } });
      throw err;
    });
    if (stored === 'outrun') continue;
    if (stored === 'withdrawn') return { ok: false, refusal: 'CALL_IN_PROGRESS', state: undefined };
    const formerNodes = Object.values(current?.live.nodes ?? {});
    return settle(context, { before, live, formerNodes, told: events.length > 0 }, options);
  }
  throw unavailable('The call');
}

/** Stores a change; a new call only if those in it are claimed for it. */
async function store(
  context: SignalingContext,
  live: LiveCall,
  expected: number,
): Promise<'stored' | 'outrun' | 'withdrawn'> {
  const { liveCalls, clock, timings } = context;
  const deadline = deadlineOf(live, clock.now(), timings);
  if (!(await liveCalls.compareAndSet(live.state.call.id, expected, live, deadline))) return 'outrun';
  return expected > 0 || (await confirmed(context, live)) ? 'stored' : 'withdrawn';
}

/** The call is as it was asked to be: perhaps since it was asked for before, and the node never heard that it was stored. */
async function known(context: SignalingContext, live: LiveCall, options: TransitionOptions): Promise<void> {
  remember(context, live);
  const { session } = options;
  if (!session || !isUnattended(context, live, session)) return;
  refuseWhileCut(context);
  await settle(context, { before: undefined, live, formerNodes: [], told: true }, options);
  const { calls, logger } = context;
  const callId = live.state.call.id;
  // What it was given is held until the next renewal, and its lease and claims have run down since.
  calls.background.run(logger, 'a seat found taken could not be renewed', callId, async () => {
    const renewed = await transition(context, callId, { type: 'renew', deviceIds: [session.deviceId] });
    if (renewed.ok) await confirmClaims(context, renewed.state);
  });
}

/** The session sits in the call and nobody answers for its seat: only its own node, this one, could. */
function isUnattended({ calls }: SignalingContext, { state }: LiveCall, session: Session): boolean {
  const { id: callId, phase } = state.call;
  return (
    phase !== 'ended' &&
    canJoin(session.dialect, state.call.media) &&
    seatOf(state, session.identity.id)?.device.deviceId === session.deviceId &&
    !calls.hosted.get(callId)?.devices.has(session.deviceId)
  );
}

/**
 * Finds out what became of a change that the store did not confirm, and does what comes with it.
 *
 * @throws SwitchboardError, retryable: it cannot be known yet, or this node is cut off.
 */
export function catchUp(context: SignalingContext, { callId, options }: UnsureSeat): Promise<void> {
  return context.calls.changes.run(callId, async () => {
    const current = await load(context, callId);
    if (current) await known(context, current.live, options);
  });
}

function withSession(body: EventBody<CallEvent>, by: Session | undefined): EventBody<CallEvent> {
  const acted =
    (body.type === 'call.answered' || body.type === 'call.declined' || body.type === 'call.ended') &&
    body.device !== undefined &&
    body.device.deviceId === by?.deviceId;
  return acted ? { ...body, sessionId: by.identity.sessionId } : body;
}

function callerToldAfter(
  command: CallCommand,
  live: LiveCall | undefined,
  now: number,
): Pick<LiveCall, 'callerTold'> {
  if (command.type === 'answer') return { callerTold: now + OUTBOX_GRACE_MS };
  if (live?.callerTold === undefined) return {};
  const { callerTold, state } = live;
  const { device, lost } = state.callerSeat;
  const renewed = command.type === 'renew' && !lost && command.deviceIds.includes(device.deviceId);
  return { callerTold: callerTold === true && renewed ? 'confirmed' : callerTold };
}

interface Stored {
  readonly before: CallState | undefined;
  readonly live: LiveCall;
  /** Of the sockets that sat in the call before. */
  readonly formerNodes: readonly NodeId[];
  /** Somebody has to hear of the change. */
  readonly told: boolean;
}

async function settle(
  context: SignalingContext,
  { before, live, formerNodes, told }: Stored,
  { applied }: TransitionOptions,
): Promise<Applied> {
  const { calls, logger, metrics } = context;
  const callId = live.state.call.id;
  const outcome: Applied = { ok: true, before, state: live.state, changed: true };
  remember(context, live);
  let callerTold: boolean | undefined;
  try {
    callerTold = await applied?.(live);
  } catch (err) {
    // The change stands whatever becomes of the telling; its events say the same once more.
    logger.warn({ callId, err }, 'telling of a call change failed');
  }
  if (!told) return outcome;
  metrics
    .counter('signaling_call_changes_total', 'Changes of calls that somebody heard of', ['phase', 'reason'])
    .inc({ phase: live.state.call.phase, reason: live.state.call.endReason ?? '' });
  calls.background.run(logger, 'telling other nodes of a call change failed', callId, () =>
    tellNodes(context, live, formerNodes),
  );
  calls.background.run(logger, 'publishing call events failed', callId, async () => {
    await releaseClaims(context, before, live.state);
    await publishEvents(context, callId, callerTold);
  });
  return outcome;
}

/**
 * The claims of a call about to be made are short, so that a crash here blocks nobody for long. If they lapsed before the call was stored, another may
 * hold them now: then this one must never have been.
 */
async function confirmed(context: SignalingContext, live: LiveCall): Promise<boolean> {
  if (live.state.call.phase === 'ended' || (await confirmClaims(context, live.state))) return true;
  const { liveCalls, clock, timings } = context;
  const callId = live.state.call.id;
  const current = await liveCalls.get(callId);
  if (!current) return false;
  const removed = await liveCalls.compareAndSet(
    callId,
    current.version,
    null,
    deadlineOf(live, clock.now(), timings),
  );
  await releaseClaims(context, live.state, undefined);
  return !removed;
}
