import type { IceServer, Signal } from '../wire.ts';
import type { CallHandle } from './call-handle.ts';

interface Description {
  readonly type: string;
  readonly sdp?: string;
}

/** The part of `RTCPeerConnection` that is used here; implementations for Node and React Native fit as well. */
export interface PeerConnectionLike {
  readonly signalingState: string;
  readonly connectionState: string;
  readonly localDescription: Description | null;
  readonly remoteDescription: Description | null;
  // Parameters are bivariant in method syntax, so that the browser's narrower types fit.
  createOffer(options?: { iceRestart?: boolean }): Promise<unknown>;
  setLocalDescription(description?: never): Promise<void>;
  setRemoteDescription(description: never): Promise<void>;
  addIceCandidate(candidate: never): Promise<void>;
  addEventListener(type: string, listener: (event: object) => void): void;
  removeEventListener(type: string, listener: (event: object) => void): void;
  getConfiguration?(): object;
  setConfiguration?(configuration: never): void;
}

export interface PeerLinkOptions {
  /**
   * Makes a new connection in place of the present one, with the same tracks: the other party went on with another device. Closing the old one is the application's,
   * too. Without this the link goes on with the connection it has, which not every browser can.
   */
  readonly renew?: () => PeerConnectionLike | Promise<PeerConnectionLike>;
}

/**
 * Binds a peer connection to a call, by the rules of docs/negotiation.md: an offer travels with the ring or, where the caller had none, follows the accept; its
 * answer travels with the accept or follows it; candidates trickle; after the answer an offer from either side renegotiates. When two such offers cross, the
 * caller's stands. When media breaks, or a party returns to the call, ICE is restarted. When this client took
 * the call over, it offers to the other party; when the other party moved to another device, negotiation begins anew with a new connection.
 *
 * Tracks, and what is done with remote ones, are the application's; so is closing the connection when the call has ended.
 */
export class PeerLink {
  #connection: PeerConnectionLike;
  readonly #renew: PeerLinkOptions['renew'];
  readonly #own: Signal[] = [];
  readonly #early: unknown[] = [];
  #call: CallHandle | undefined;
  /** One description after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #over = false;

  constructor(connection: PeerConnectionLike, { renew }: PeerLinkOptions = {}) {
    this.#connection = connection;
    this.#renew = renew;
    this.#listen();
  }

  readonly #onCandidate = (event: object): void => {
    const { candidate } = event as { candidate?: { toJSON(): unknown } | null };
    if (candidate) this.#send({ kind: 'candidate', payload: candidate.toJSON() });
  };

  readonly #onState = (): void => {
    // One side is enough.
    if (this.#connection.connectionState === 'failed' && this.#call?.direction === 'outgoing')
      this.#restart();
  };

  /** Makes an offer, to be placed with a call or sent by it. */
  offer(options: { readonly iceRestart?: boolean } = {}): Promise<unknown> {
    return this.#inTurn(async () => {
      await this.#connection.setLocalDescription((await this.#connection.createOffer(options)) as never);
      return this.#local();
    });
  }

  /** Takes an offer and makes the answer to it; undefined when an offer of ours that crossed it stands. */
  answer(offer: unknown): Promise<unknown> {
    return this.#inTurn(() => this.#answer(offer));
  }

  /** From now on this link speaks and hears through the call, until that ends. */
  bind(call: CallHandle): void {
    this.#call = call;
    const stops = [
      call.on('moved', () => this.#quietly(this.#inTurn(() => this.#beginAnew()))),
      call.on('taken', () => this.#quietly(this.renegotiate())),
      call.on('ice-servers', ({ iceServers }) => this.#configure(iceServers)),
      call.on('back', () => this.#repeatOffer()),
      call.on('signal', (signal) => this.#quietly(this.#inTurn(() => this.#handle(signal)))),
      call.on('answered', ({ answer }) => this.#quietly(this.#inTurn(() => this.#answered(answer)))),
      call.on('resumed', () => this.#restart()),
      call.on('ended', () => {
        for (const stop of stops) stop();
        this.close();
      }),
    ];
    for (const signal of this.#own.splice(0)) call.signal(signal);
  }

  /** Hears and says nothing more. The peer connection itself stays as it is. */
  close(): void {
    this.#over = true;
    this.#unlisten();
  }

  #listen(): void {
    this.#connection.addEventListener('icecandidate', this.#onCandidate);
    this.#connection.addEventListener('connectionstatechange', this.#onState);
  }

  #unlisten(): void {
    this.#connection.removeEventListener('icecandidate', this.#onCandidate);
    this.#connection.removeEventListener('connectionstatechange', this.#onState);
  }

  async #beginAnew(): Promise<void> {
    if (!this.#renew || this.#over) return;
    this.#unlisten();
    this.#early.length = 0;
    this.#connection = await this.#renew();
    if (!this.#over) this.#listen();
  }

  /** What is gathered from now on is gathered by these; what is connected stays so. */
  #configure(iceServers: readonly IceServer[]): void {
    const connection = this.#connection;
    if (this.#over || !connection.setConfiguration) return;
    try {
      connection.setConfiguration({ ...connection.getConfiguration?.(), iceServers } as never);
    } catch {
      // One that is closed, or takes no such servers: it goes on as it is.
    }
  }

  /** An offer that was made while the other party was away did not reach it. */
  #repeatOffer(): void {
    if (this.#connection.signalingState === 'have-local-offer')
      this.#send({ kind: 'offer', payload: this.#local() });
  }

  /** New tracks or a new network: offers anew inside the call. */
  renegotiate(options: { readonly iceRestart?: boolean } = {}): Promise<void> {
    return this.offer(options).then((payload) => this.#send({ kind: 'offer', payload }));
  }

  #restart(): void {
    // Before the first answer there is nothing to restart.
    if (!this.#over && this.#connection.remoteDescription)
      this.#quietly(this.renegotiate({ iceRestart: true }));
  }

  #send(signal: Signal): void {
    if (this.#over) return;
    if (this.#call) this.#call.signal(signal);
    else this.#own.push(signal);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** A piece of negotiation that does not fit, from a peer that went wrong or late, must not end the call: the next offer mends it. */
  #quietly(work: Promise<unknown>): void {
    work.catch(() => {});
  }

  async #answered(answer: unknown): Promise<void> {
    if (answer !== undefined) await this.#accept(answer);
    // Placed without an offer: it follows the accept.
    else if (!this.#connection.localDescription && this.#connection.signalingState === 'stable') {
      await this.#connection.setLocalDescription();
      this.#send({ kind: 'offer', payload: this.#local() });
    }
  }

  async #handle({ kind, payload }: Signal): Promise<void> {
    if (kind === 'candidate') await this.#candidate(payload);
    else if (kind === 'answer') await this.#accept(payload);
    else {
      const answer = await this.#answer(payload);
      if (answer !== undefined) this.#send({ kind: 'answer', payload: answer });
    }
  }

  async #answer(offer: unknown): Promise<unknown> {
    const crossed = this.#connection.signalingState === 'have-local-offer';
    if (crossed && this.#call?.direction === 'outgoing') return undefined;
    // Rolls an offer of ours back by itself.
    await this.#connection.setRemoteDescription(offer as never);
    await this.#addEarly();
    await this.#connection.setLocalDescription();
    return this.#local();
  }

  async #accept(answer: unknown): Promise<void> {
    if (this.#connection.signalingState !== 'have-local-offer') return;
    await this.#connection.setRemoteDescription(answer as never);
    await this.#addEarly();
  }

  /** A candidate before the description it belongs to waits for that. */
  async #candidate(candidate: unknown): Promise<void> {
    if (this.#connection.remoteDescription) await this.#connection.addIceCandidate(candidate as never);
    else this.#early.push(candidate);
  }

  async #addEarly(): Promise<void> {
    for (const candidate of this.#early.splice(0)) await this.#connection.addIceCandidate(candidate as never);
  }

  #local(): unknown {
    const description = this.#connection.localDescription;
    return { type: description?.type ?? 'offer', sdp: description?.sdp ?? '' };
  }
}
