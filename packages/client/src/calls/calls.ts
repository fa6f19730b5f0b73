import type { Connection, OpenedLine } from '../connection/connection.ts';
import type { RequestOptions, Requests } from '../connection/requests.ts';
import type { Emitter } from '../emitter.ts';
import { asSwitchboardError, SwitchboardError } from '../errors.ts';
import type { ClientEvents } from '../events.ts';
import { randomId } from '../random-id.ts';
import type { Api } from '../session/api.ts';
import { quietTimer } from '../timing.ts';
import type { Account, Acks, Call, CallKind, IceServer, ServerEvents, Target, Way } from '../wire.ts';
import { type CallEndedReason, CallFailed, type CallHandle } from './call-handle.ts';
import type { CallDetails, CallQuality, CallRecord, ReportedQuality } from './call-record.ts';
import type { StatsSource } from './call-stats.ts';
import { busyServer, LiveCall, type LiveCallParts } from './live-call.ts';
import { QualityMeter } from './quality-meter.ts';

export interface PlaceOptions extends RequestOptions {
  readonly kind: CallKind;
  /** p2p: WebRTC between the two devices (the default). jitsi: both meet in a Jitsi room. */
  readonly media?: Call['media'];
  /** An SDP offer, which the callee answers with the accept; without one, offer and answer follow as signals. */
  readonly offer?: unknown;
  /** A UUID of one's own for the call. */
  readonly callId?: string;
}

export interface CallsPage {
  /** Newest first. */
  readonly calls: readonly CallRecord[];
  readonly more: boolean;
}

export interface IceServers {
  readonly iceServers: IceServer[];
  /** When the credentials lapse, ISO 8601; absent when none do. */
  readonly expiresAt?: string;
}

export interface CallsParts {
  readonly requests: Requests;
  readonly connection: Connection;
  readonly api: Api;
  readonly me: () => Account | null;
  readonly events: Emitter<ClientEvents>;
  readonly ackTimeoutMs: number;
}

/** Calls refused or ended here, whose ringing may still be on its way. */
const MAX_DISMISSED = 50;
/** The server may need this long to find out that our former socket is dead; until then it still has the seat. */
const SEAT_WAIT_MS = 60_000;
const SEAT_POLL_MS = 1_000;

/** Placing, taking and resuming calls. WebRTC itself is the application's: see `PeerLink` for a binding. */
export class Calls {
  readonly #parts: CallsParts;
  readonly #callParts: LiveCallParts;
  readonly #live = new Map<string, LiveCall>();
  readonly #dismissed = new Set<string>();
  readonly #meters = new Map<string, QualityMeter>();
  /** Call id → why it could not ring, between the server's event and its ack. */
  readonly #failures = new Map<string, ServerEvents['call.failed']['reason']>();

  /** @internal */
  constructor(parts: CallsParts) {
    this.#parts = parts;
    this.#callParts = {
      requests: parts.requests,
      over: (call) => this.#over(call),
      settle: (call) => this.#settle(call),
      unseated: (call) => this.#lookAgain(call),
      failed: (error) => parts.events.emit('error', error),
    };
    const { events } = parts.connection;
    events.on('call.incoming', ({ call, offer, ...way }) => this.#incoming(call, offer, way));
    events.on('call.answered', ({ call, by, answer, ...way }) => {
      const mine = this.#described(call, way);
      if (mine?.direction === 'outgoing') mine.answered(by, answer);
    });
    events.on('call.signal', ({ callId, signal, socketId }) =>
      this.#live.get(callId)?.receive(signal, socketId),
    );
    events.on('call.moved', ({ call, by, device }) => this.#described(call)?.moved(by, device.deviceId));
    events.on('ice.servers', ({ callId, iceServers, expiresAt }) =>
      this.#live.get(callId)?.renewServers(iceServers, expiresAt),
    );
    events.on('call.rejected', ({ call, by, reason }) => this.#described(call)?.finish({ reason, by }));
    events.on('call.ended', ({ call, by, reason }) => {
      const mine = this.#live.get(call.id);
      // Late: this device has taken the call over since.
      if (reason === 'answered_elsewhere' && mine?.seated) return;
      mine?.describe(call);
      mine?.finish({ reason, ...(by ? { by } : {}) });
    });
    events.on('call.peer', ({ call, by, state, graceUntil }) =>
      this.#described(call)?.otherIs(state, by, graceUntil),
    );
    events.on('call.failed', ({ callId, reason }) => {
      if (callId && this.#live.has(callId)) this.#failures.set(callId, reason);
    });
    parts.connection.changes.on('state', ({ status }) => {
      if (status !== 'connected') for (const call of this.#live.values()) call.unseat();
    });
    parts.connection.restoreWith(async (opened) => {
      const known = [...this.#live.values()].filter((call) => call.described);
      await Promise.all(known.map((call) => this.#resumeOn(opened, call)));
    });
    parts.connection.changes.on('ready', () => {
      for (const call of this.live) this.#settle(call as LiveCall);
    });
  }

  /** The calls of this client that are not over, incoming ones included. */
  get live(): readonly CallHandle[] {
    return [...this.#live.values()].filter((call) => call.described);
  }

  /**
   * Calls a user, or the others in a room; resolves when it rings. The request is repeated over reconnects under the id of the call, which rings once.
   *
   * Two who call each other get one call: then the handle is that of the other's call, with `direction: 'incoming'`. It is to be answered, unless it
   * is active already (where no offers were involved).
   *
   * Rejects with `CallFailed` when the callee is busy or cannot be reached, else with a `SwitchboardError`: CALL_IN_PROGRESS, USER_NOT_FOUND,
   * ROOM_NOT_FOUND, RATE_LIMITED with `retryAfterMs`, TIMEOUT, ABORTED; after the last two a call that came about nevertheless is ended.
   */
  async place(to: Target, { kind, media = 'p2p', offer, ...options }: PlaceOptions): Promise<CallHandle> {
    const id = options.callId ?? randomId();
    const call = new LiveCall(id, 'outgoing', this.#callParts);
    this.#live.set(id, call);
    let ack: Acks['call.place'];
    try {
      const payload = { to, kind, media, callId: id, ...(offer === undefined ? {} : { offer }) };
      const { signal, deadlineMs } = options;
      ack = await this.#parts.requests.ask('call.place', payload, { signal, deadlineMs, again: busyServer });
    } catch (failure) {
      throw this.#notPlaced(call, asSwitchboardError(failure));
    }
    if (ack.call.id !== id) {
      this.#live.delete(id);
      return this.#met(ack.call, ack);
    }
    call.describe(ack.call, ack);
    // Over or answered while its ack was on the way, or before a repetition of it.
    if (ack.call.phase === 'ended') call.finish({ reason: reasonOf(ack.call) });
    else call.ring(undefined);
    return call;
  }

  #notPlaced(call: LiveCall, error: SwitchboardError): SwitchboardError {
    const reason = this.#failures.get(call.id);
    this.#failures.delete(call.id);
    // Unknown whether it rings: then it is not to go on ringing.
    if (error.code === 'TIMEOUT' || error.code === 'ABORTED') call.end();
    this.#live.delete(call.id);
    if (!reason) return error;
    const { code, message, retryable } = error;
    return new CallFailed({ code, message, retryable }, reason, error);
  }

  /**
   * Asks the server for the call this user is in: after a reload of the page, say. Takes the user's place in it if that is empty. Null when there is none.
   * Calls that this client knows are resumed by themselves after a reconnect.
   */
  async resume(options: RequestOptions = {}): Promise<CallHandle | null> {
    const ack = await this.#parts.requests.ask('call.resume', {}, options);
    if (!ack.call) return null;
    return this.#met(ack.call, ack, ack.offer);
  }

  /**
   * Goes on here with the live call that another device of this user is in; that one hears that the call `moved`, and so does the other party. Which call: the
   * one that `resume()` or an ending `answered_elsewhere` named. Bind a `PeerLink` to what this resolves with, with the tracks already added: it offers anew.
   *
   * Rejects with CALL_NOT_FOUND when it is over, CALL_IN_PROGRESS when yet another device was faster, INVALID_DATA while it rings.
   */
  async takeOver(callId: string, options: RequestOptions = {}): Promise<CallHandle> {
    const { requests, connection, me } = this.#parts;
    const ack = await requests.ask('call.take', { callId }, { ...options, again: busyServer });
    const outgoing = ack.call.caller.id === me()?.id;
    const seat = outgoing ? ack.call.callerDevice : ack.call.answerDevice;
    const { state } = connection;
    if (state.status === 'connected' && seat?.deviceId !== state.deviceId) {
      throw new SwitchboardError({ code: 'CALL_IN_PROGRESS', message: 'Another device took the call over' });
    }
    const known = this.#live.get(callId);
    const call = known ?? new LiveCall(callId, outgoing ? 'outgoing' : 'incoming', this.#callParts);
    const mine = known?.seated === true;
    this.#live.set(callId, call);
    this.#dismissed.delete(callId);
    call.describe(ack.call, ack);
    if (!mine) call.taken();
    return call;
  }

  /** One's calls that were, newest first; `before`: the id of the last one seen. */
  history(
    options: { readonly before?: string; readonly limit?: number; readonly signal?: AbortSignal } = {},
  ): Promise<CallsPage> {
    const { before, limit, signal } = options;
    const query = new URLSearchParams({
      ...(before === undefined ? {} : { before }),
      ...(limit === undefined ? {} : { limit: String(limit) }),
    });
    const tail = query.size > 0 ? `?${query}` : '';
    return this.#parts.api.request('GET', `/api/v1/calls${tail}`, undefined, signal ? { signal } : {});
  }

  /** One of one's calls; with where and why an incoming one rang. Rejects with CALL_NOT_FOUND. */
  get(callId: string, options: { readonly signal?: AbortSignal } = {}): Promise<CallDetails> {
    return this.#parts.api.request('GET', `/api/v1/calls/${encodeURIComponent(callId)}`, undefined, options);
  }

  /**
   * Measures a call of this client from the `getStats` of its connection, and reports when it is over; called again with the connection that took the place of
   * the first. An application that measures by itself calls `reportQuality` instead.
   */
  measure(call: CallHandle, connection: StatsSource): void {
    if (call.state === 'ended') return;
    const meter =
      this.#meters.get(call.id) ??
      new QualityMeter(call.id, { report: (id, quality) => this.reportQuality(id, quality) });
    this.#meters.set(call.id, meter);
    if (call.state === 'active') meter.activated();
    meter.follow(connection);
  }

  /**
   * Tells the server what this side of an answered call measured, up to an hour after its end; later reports take the place of earlier ones. Rejects with
   * CALL_NOT_FOUND, also while the record of the call is not there yet, and CONFLICT when it was not answered or is over for too long.
   */
  async reportQuality(callId: string, quality: CallQuality): Promise<ReportedQuality> {
    const path = `/api/v1/calls/${encodeURIComponent(callId)}/quality`;
    const taken = await this.#parts.api.request<{ quality: ReportedQuality }>('POST', path, quality);
    return taken.quality;
  }

  /** STUN and TURN servers for an RTCPeerConnection, with credentials that lapse. */
  iceServers(options: { readonly signal?: AbortSignal } = {}): Promise<IceServers> {
    return this.#parts.api.request('GET', '/api/v1/ice-servers', undefined, options);
  }

  /** Everything is over for this client, without a word to the server. @internal */
  clear(): void {
    for (const call of [...this.#live.values()]) call.finish({ reason: 'lost' });
  }

  #described(call: Call, way?: Way): LiveCall | undefined {
    const mine = this.#live.get(call.id);
    mine?.describe(call, way);
    return mine;
  }

  #incoming(call: Call, offer: unknown, way: Way): void {
    if (this.#dismissed.has(call.id)) return;
    const known = this.#described(call, way);
    if (known) {
      if (known.direction !== 'incoming') return;
      known.ring(offer);
      this.#acknowledge(known);
      return;
    }
    this.#announce(call, offer, way);
  }

  #announce(call: Call, offer: unknown, way: Way | undefined): LiveCall {
    const fresh = new LiveCall(call.id, 'incoming', this.#callParts);
    this.#live.set(call.id, fresh);
    fresh.describe(call, way);
    fresh.ring(offer);
    if (call.phase === 'active') fresh.activate();
    else {
      this.#parts.events.emit('call', fresh);
      this.#acknowledge(fresh);
    }
    return fresh;
  }

  /** Tells the server that it rings here, once the application has been told and there is one to tell. Worth one attempt: nothing waits for it. */
  #acknowledge(call: LiveCall): void {
    if (call.state !== 'ringing' || !this.#parts.events.has('call')) return;
    this.#parts.requests.tell('call.ack', { callId: call.id }).catch(() => {});
  }

  /** The handle of a call that a reply named. */
  #met(call: Call, way?: Way, offer?: unknown): LiveCall {
    const known = this.#described(call, way);
    if (known) {
      if (call.phase === 'active') known.activate();
      return known;
    }
    this.#dismissed.delete(call.id);
    const me = this.#parts.me()?.id;
    if (call.caller.id !== me) return this.#announce(call, offer, way);
    const mine = new LiveCall(call.id, 'outgoing', this.#callParts);
    this.#live.set(call.id, mine);
    mine.describe(call, way);
    mine.ring(undefined);
    if (call.phase === 'active') mine.activate();
    return mine;
  }

  /** Takes the place in a known call again, on a new line. Never rejects. */
  async #resumeOn({ line }: OpenedLine, call: LiveCall): Promise<void> {
    try {
      const payload = { callId: call.id };
      const ack = (await line.request(
        'call.resume',
        payload,
        this.#parts.ackTimeoutMs,
      )) as Acks['call.resume'];
      if (call.state === 'ended') return;
      if (!ack.call) {
        call.finish({ reason: 'lost' });
        return;
      }
      call.describe(ack.call, ack);
      if (ack.call.phase === 'ringing') call.ring(ack.offer);
      else if (call.direction === 'outgoing') call.answered(call.other, undefined);
    } catch (failure) {
      const error = asSwitchboardError(failure);
      if (error.code === 'PERMISSION_DENIED' || error.code === 'CALL_NOT_FOUND')
        call.finish({ reason: 'lost' });
      else if (!error.retryable) this.#parts.events.emit('error', error);
    }
  }

  /**
   * Signals may go while the seat is ours. As long as our former socket seems alive to the server, that one has the seat: we ask again, until it is clear that
   * the seat belongs to another device of the user.
   */
  #settle(call: LiveCall, giveUpAt = Date.now() + SEAT_WAIT_MS): void {
    const { state } = this.#parts.connection;
    if (call.state === 'active') this.#meters.get(call.id)?.activated();
    if (call.state === 'ended' || state.status !== 'connected') return;
    const { callerDevice, answerDevice, phase } = call.info;
    if (call.direction === 'incoming' && phase === 'ringing') return;
    const seat = call.direction === 'outgoing' ? callerDevice : answerDevice;
    if (seat?.deviceId === state.deviceId) call.seat();
    else if (Date.now() > giveUpAt) call.finish({ reason: 'answered_elsewhere' });
    else this.#lookAgain(call, giveUpAt);
  }

  #lookAgain(call: LiveCall, giveUpAt?: number): void {
    call.unseat();
    const { connection, requests } = this.#parts;
    const { state } = connection;
    quietTimer(SEAT_POLL_MS, async () => {
      // Another line has come since, and with it another resumption.
      if (call.state === 'ended' || connection.state !== state) return;
      try {
        const ack = await requests.tell('call.resume', { callId: call.id });
        if (ack.call) call.describe(ack.call, ack);
        else call.finish({ reason: 'lost' });
      } catch {
        // Asked again, or on the next line.
      }
      if (connection.state === state) this.#settle(call, giveUpAt);
    });
  }

  #over(call: LiveCall): void {
    this.#live.delete(call.id);
    const meter = this.#meters.get(call.id);
    this.#meters.delete(call.id);
    if (meter && call.ended) void meter.ended(call.ended.reason);
    this.#dismissed.add(call.id);
    for (const oldest of this.#dismissed) {
      if (this.#dismissed.size <= MAX_DISMISSED) break;
      this.#dismissed.delete(oldest);
    }
  }
}

/** The word for an ending that was learnt late. */
function reasonOf({ endReason }: Call): CallEndedReason {
  switch (endReason) {
    case 'missed':
      return 'timeout';
    case 'banned':
    case undefined:
      return 'lost';
    default:
      return endReason;
  }
}
