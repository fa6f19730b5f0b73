import { type CallCommand, type CallRefusal, type CallState, decideCall } from '@switchboard/domain';
import type { VersionedCall } from '@switchboard/ports';
import { type CallEvent, type CallId, type EventBody, type NodeId, unavailable } from '@switchboard/protocol';
import { newEvent } from '@switchboard/service-kit';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { confirmClaims, releaseClaims } from './claims.ts';
import { refuseWhileCut } from './cut-off.ts';
import { deadlineOf, type LiveCall, OUTBOX_GRACE_MS, socketsIn } from './live-call.ts';
import { publishEvents } from './publish.ts';
import { remember } from './remember.ts';
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
   * Runs once the change is stored and before anybody is told of it or this node changes the call again. What it returns is about the caller of an
   * answered call: whether its device was told now.
   */
  readonly applied?: (live: LiveCall) => Promise<boolean | undefined>;
}

/**
 * The one way in which a call changes: load, decide, compare-and-set, again from the start when another was faster. The events are stored with the
 * change and published afterwards, off the path of whoever waits.
 *
 * @throws SwitchboardError, retryable: the store is away, or this node is cut off and somebody asks for the change. Then nothing is stored.
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
  const { liveCalls, clock, timings } = context;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const current = await load(context, callId);
    const before = current?.live.state;
    const now = clock.now();
    const decision = decideCall(before, command, now, timings, context.time?.());
    if (!decision.ok) return { ...decision, state: before };
    const { state } = decision;
    if (state === before) {
      if (current) remember(context, current.live);
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
    const deadline = deadlineOf(live, now, timings);
    if (!(await liveCalls.compareAndSet(callId, current?.version ?? 0, live, deadline))) continue;
    const withdrawn = before === undefined && !(await confirmed(context, live));
    if (withdrawn) return { ok: false, refusal: 'CALL_IN_PROGRESS', state: undefined };
    const formerNodes = Object.values(current?.live.nodes ?? {});
    return settle(context, { before, live, formerNodes, told: events.length > 0 }, options);
  }
  throw unavailable('The call');
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

export interface Loaded {
  readonly live: LiveCall;
  readonly version: number;
}

/**
 * The call as stored. One that this node hosts and that the store does not know was lost with the store: it is put back, its parties are still
 * talking. So is one that the store knows only as it was before it was answered: what came after was lost, or another node, which had not heard of the
 * answer, was the quicker to put it back.
 */
export async function load(context: SignalingContext, callId: CallId): Promise<Loaded | undefined> {
  const stored = await context.liveCalls.get(callId);
  const hosted = context.calls.hosted.get(callId)?.live;
  const isLost = stored === undefined || isBehind(stored.state, hosted);
  if (isLost && hosted && hosted.state.call.phase !== 'ended') {
    return restore(context, hosted, stored?.version ?? 0);
  }
  return stored && loaded(stored);
}

function isBehind(stored: LiveCall, hosted: LiveCall | undefined): boolean {
  return stored.state.call.phase === 'ringing' && hosted?.state.call.phase === 'active';
}

async function restore(
  context: SignalingContext,
  live: LiveCall,
  version: number,
): Promise<Loaded | undefined> {
  const { liveCalls, clock, timings, logger, calls } = context;
  const callId = live.state.call.id;
  const now = clock.now();
  if (version === 0 && (await isOver(context, live))) {
    for (const deviceId of calls.hosted.get(callId)?.devices.keys() ?? []) calls.hosted.drop(deviceId);
    return undefined;
  }
  if (await liveCalls.compareAndSet(callId, version, live, deadlineOf(live, now, timings))) {
    logger.warn({ callId }, 'live call was missing from the store and is put back');
    await confirmClaims(context, live.state);
    calls.putBack.set(callId, now);
    calls.background.run(logger, 'telling other nodes of a call put back failed', callId, () =>
      tellNodes(context, live, []),
    );
  }
  const stored = await liveCalls.get(callId);
  return stored && loaded(stored);
}

/**
 * Whether a node that slept through the end is about to bring the call back. A lost connection is no proof: history says that, too, of a call whose end it
 * never heard of and could not find in an emptied store.
 */
async function isOver({ history, logger }: SignalingContext, { state }: LiveCall): Promise<boolean> {
  const { id, caller, createdAt } = state.call;
  try {
    const known = await history.find(id);
    const same = known?.caller.id === caller.id && known.createdAt === createdAt;
    return same && known.endReason !== undefined && known.endReason !== 'network_error';
  } catch (err) {
    logger.warn({ callId: id, err }, 'history could not be asked whether a missing call is over');
    return false;
  }
}

function loaded({ state: live, version }: VersionedCall<LiveCall>): Loaded {
  return { live, version };
}
