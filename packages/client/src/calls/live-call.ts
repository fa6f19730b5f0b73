import type { Requests } from '../connection/requests.ts';
import type { SubscribeOptions, Unsubscribe } from '../emitter.ts';
import { asSwitchboardError, SwitchboardError } from '../errors.ts';
import type { Call, IceServer, JitsiRoom, PublicUser, Signal, Way } from '../wire.ts';
import type { CallEnded, CallEvents, CallHandle, CallState } from './call-handle.ts';
import { KeptEvents } from './kept-events.ts';
import { SignalQueue } from './signal-queue.ts';

export interface LiveCallParts {
  readonly requests: Requests;
  /** Told once, when it is over for this client. */
  readonly over: (call: LiveCall) => void;
  /** Sees whether this device holds its seat in the call, and says so by `seat` or `unseat`. */
  readonly settle: (call: LiveCall) => void;
  /** Somebody else seems to hold the seat. */
  readonly unseated: (call: LiveCall) => void;
  readonly failed: (error: SwitchboardError) => void;
}

/** How long the word that a call is over is repeated; by then the server has noticed by itself. */
const GOODBYE_MS = 60_000;
export const busyServer = (error: SwitchboardError): boolean => error.code === 'SERVICE_UNAVAILABLE';

/** A call and what becomes of it; `calls.ts` tells it what the server says. */
export class LiveCall implements CallHandle {
  readonly id: string;
  readonly direction: 'outgoing' | 'incoming';
  readonly #parts: LiveCallParts;
  readonly #events = new KeptEvents<CallEvents>();
  readonly #signals: SignalQueue;
  #state: CallState;
  #info: Call | undefined;
  #offer: unknown;
  #jitsi: JitsiRoom | undefined;
  #iceServers: readonly IceServer[] = [];
  #otherAway = false;
  /** The device on which the other party is, once it moved to it. */
  #otherDevice: string | undefined;
  /** The socket that the other party's last signal came from, and the one that it moved away from. */
  #signalSocket: string | undefined;
  #formerSocket: string | undefined;
  #lostSeat = false;
  #ended: CallEnded | undefined;

  constructor(id: string, direction: 'outgoing' | 'incoming', parts: LiveCallParts) {
    this.id = id;
    this.direction = direction;
    this.#parts = parts;
    this.#state = direction === 'outgoing' ? 'placing' : 'ringing';
    this.#signals = new SignalQueue({
      send: (signal) => parts.requests.tell('call.signal', { callId: id, signal }),
      refused: () => parts.unseated(this),
      failed: parts.failed,
    });
  }

  get state(): CallState {
    return this.#state;
  }
  get info(): Call {
    // Handles are given out only once the server has described the call.
    if (!this.#info) throw new SwitchboardError({ code: 'CALL_NOT_FOUND', message: 'Not placed yet' });
    return this.#info;
  }
  get described(): boolean {
    return this.#info !== undefined;
  }
  get kind(): Call['kind'] {
    return this.info.kind;
  }
  get media(): Call['media'] {
    return this.info.media;
  }
  get other(): PublicUser {
    const { caller, callees, answeredBy } = this.info;
    if (this.direction === 'incoming') return caller;
    return callees.find((callee) => callee.id === answeredBy) ?? callees[0] ?? caller;
  }
  get otherAway(): boolean {
    return this.#otherAway;
  }
  get offer(): unknown {
    return this.#offer;
  }
  get jitsi(): JitsiRoom | undefined {
    return this.#jitsi;
  }
  get iceServers(): readonly IceServer[] {
    return this.#iceServers;
  }
  get ended(): CallEnded | undefined {
    return this.#ended;
  }

  on<E extends keyof CallEvents>(
    event: E,
    listener: (payload: CallEvents[E]) => void,
    options?: SubscribeOptions,
  ): Unsubscribe {
    return this.#events.on(event, listener, options);
  }

  async answer(answer?: unknown): Promise<void> {
    if (this.#state !== 'ringing' || this.direction !== 'incoming') {
      throw new SwitchboardError({
        code: 'INVALID_DATA',
        message: `Cannot answer a call that is ${this.#state}`,
      });
    }
    this.#become('answering');
    try {
      const payload = { callId: this.id, ...(answer === undefined ? {} : { answer }) };
      const ack = await this.#parts.requests.ask('call.answer', payload, { again: busyServer });
      this.describe(ack.call, ack);
      this.activate();
    } catch (failure) {
      const error = asSwitchboardError(failure);
      if (error.code === 'CALL_NOT_FOUND') this.finish({ reason: 'lost' });
      else if (error.code === 'CALL_IN_PROGRESS') this.finish({ reason: 'answered_elsewhere' });
      else if (this.state === 'answering') this.#become('ringing');
      throw error;
    }
  }

  reject(reason: 'rejected' | 'busy' = 'rejected'): void {
    if (this.#state === 'ended') return;
    if (this.direction === 'incoming' && this.#state !== 'active') this.#refuse(reason);
    else this.#hangUp();
  }

  end(): void {
    if (this.#state === 'ended') return;
    if (this.direction === 'incoming' && this.#state === 'ringing') this.#refuse('rejected');
    else this.#hangUp();
  }

  #refuse(reason: 'rejected' | 'busy'): void {
    this.finish({ reason });
    this.#sayGoodbye('call.reject', { callId: this.id, reason });
  }

  #hangUp(): void {
    this.finish({ reason: this.#state === 'active' ? 'hangup' : 'cancelled' });
    this.#sayGoodbye('call.end', { callId: this.id });
  }

  /** Over for us already; an error means that it is for the server, too, or will be when it misses us. */
  #sayGoodbye(command: 'call.end' | 'call.reject', payload: object): void {
    this.#parts.requests.ask(command, payload, { deadlineMs: GOODBYE_MS }).catch(() => {});
  }

  signal(signal: Signal): void {
    if (this.#state !== 'ended') this.#signals.push(signal);
  }

  // What follows is for calls.ts: the server's word on this call.

  describe(info: Call, { jitsi, iceServers, iceExpiresAt }: Way = {}): void {
    this.#info = info;
    if (jitsi) this.#jitsi = jitsi;
    if (iceServers) this.renewServers(iceServers, iceExpiresAt);
  }

  renewServers(iceServers: readonly IceServer[], expiresAt: string | undefined): void {
    const first = this.#iceServers.length === 0;
    if (this.#state === 'ended' || JSON.stringify(iceServers) === JSON.stringify(this.#iceServers)) return;
    this.#iceServers = iceServers;
    if (!first)
      this.#events.emit('ice-servers', { iceServers, ...(expiresAt === undefined ? {} : { expiresAt }) });
  }

  /** It rings; again with a newer offer, or on a new line. */
  ring(offer: unknown): void {
    if (this.#state === 'ended') return;
    const changed = offer !== undefined && JSON.stringify(offer) !== JSON.stringify(this.#offer);
    const renewed = changed && this.#offer !== undefined;
    if (changed) this.#offer = offer;
    if (renewed) this.#events.emit('offer', offer);
    if (this.#state === 'placing') this.#become('ringing');
    // The caller's signals are held by the server from now on; a callee has none to send before it answers.
    if (this.direction === 'outgoing') this.#parts.settle(this);
  }

  answered(by: PublicUser, answer: unknown): void {
    if (this.#state === 'active' || this.#state === 'ended') return;
    this.activate();
    this.#events.emit('answered', { by, ...(answer === undefined ? {} : { answer }) });
  }

  activate(): void {
    if (this.#state === 'ended') return;
    this.#become('active');
    this.#parts.settle(this);
  }

  receive(signal: Signal, socketId: string | undefined): void {
    if (this.#state === 'ended' || (socketId !== undefined && socketId === this.#formerSocket)) return;
    this.#signalSocket = socketId;
    this.#events.emit('signal', signal);
  }

  /** May be told twice. What the former device said, or was to be said to it, means nothing to the new one. */
  moved(by: PublicUser, deviceId: string): void {
    if (this.#state === 'ended' || this.#otherDevice === deviceId) return;
    this.#otherDevice = deviceId;
    this.#formerSocket = this.#signalSocket;
    this.#otherAway = false;
    this.#signals.drop();
    this.#events.forget('signal');
    this.#events.emit('moved', { by });
  }

  /** The seat was another device's, and nothing that happened there is of use here. */
  taken(): void {
    this.#lostSeat = false;
    this.activate();
    this.#events.emit('taken', { call: this.info });
  }

  otherIs(state: 'away' | 'back', by: PublicUser, graceUntil: string | undefined): void {
    this.#otherAway = state === 'away';
    if (state === 'away') this.#events.emit('away', graceUntil === undefined ? {} : { graceUntil });
    else this.#events.emit('back', { by });
  }

  get seated(): boolean {
    return this.#signals.seated;
  }

  /** Without a line, or without the seat on it: signals wait. */
  unseat(): void {
    if (this.#state === 'active') this.#lostSeat = true;
    this.#signals.seat(false);
  }

  seat(): void {
    if (this.#state === 'ended') return;
    this.#signals.seat(true);
    if (!this.#lostSeat) return;
    this.#lostSeat = false;
    this.#events.emit('resumed', { call: this.info });
  }

  finish(ended: CallEnded): void {
    if (this.#state === 'ended') return;
    this.#ended = ended;
    this.#signals.clear();
    this.#become('ended');
    this.#parts.over(this);
    this.#events.emit('ended', ended);
  }

  #become(state: CallState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#events.emit('state', state);
  }
}
