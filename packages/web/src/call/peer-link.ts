import type { Signal } from '../wire.ts';

export interface PeerLinkEvents {
  signal(signal: Signal): void;
  remoteStream(stream: MediaStream): void;
  state(state: RTCPeerConnectionState): void;
}

/** One RTCPeerConnection with trickling candidates; candidates that come before the description wait for it. */
export class PeerLink {
  readonly #connection: RTCPeerConnection;
  readonly #early: RTCIceCandidateInit[] = [];
  readonly #events: PeerLinkEvents;
  /** The side that gives way when two renegotiation offers cross. */
  readonly #polite: boolean;
  #making = false;

  constructor(
    local: MediaStream,
    events: PeerLinkEvents,
    options: { polite: boolean; iceServers?: RTCIceServer[] },
  ) {
    this.#events = events;
    this.#polite = options.polite;
    this.#connection = new RTCPeerConnection({ iceServers: options.iceServers ?? [] });
    for (const track of local.getTracks()) this.#connection.addTrack(track, local);
    this.#connection.onicecandidate = ({ candidate }) => {
      if (candidate) events.signal({ kind: 'candidate', payload: candidate.toJSON() });
    };
    this.#connection.ontrack = ({ streams }) => {
      if (streams[0]) events.remoteStream(streams[0]);
    };
    this.#connection.onconnectionstatechange = () => events.state(this.#connection.connectionState);
  }

  async offer(options: { iceRestart?: boolean } = {}): Promise<RTCSessionDescriptionInit> {
    this.#making = true;
    try {
      await this.#connection.setLocalDescription(await this.#connection.createOffer(options));
      return this.#local();
    } finally {
      this.#making = false;
    }
  }

  /** Takes the other side's offer; undefined when ours, made at the same time, stands. */
  async answer(offer: unknown): Promise<RTCSessionDescriptionInit | undefined> {
    const collision = this.#making || this.#connection.signalingState !== 'stable';
    if (collision && !this.#polite) return undefined;
    await this.#connection.setRemoteDescription(offer as RTCSessionDescriptionInit);
    await this.#addEarly();
    await this.#connection.setLocalDescription();
    return this.#local();
  }

  async accept(answer: unknown): Promise<void> {
    if (this.#connection.signalingState !== 'have-local-offer') return;
    await this.#connection.setRemoteDescription(answer as RTCSessionDescriptionInit);
    await this.#addEarly();
  }

  async handle(signal: Signal): Promise<void> {
    if (signal.kind === 'candidate') await this.#candidate(signal.payload as RTCIceCandidateInit);
    else if (signal.kind === 'answer') await this.accept(signal.payload);
    else {
      const answer = await this.answer(signal.payload);
      if (answer) this.#events.signal({ kind: 'answer', payload: answer });
    }
  }

  async #candidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (this.#connection.remoteDescription) await this.#connection.addIceCandidate(candidate);
    else this.#early.push(candidate);
  }

  async #addEarly(): Promise<void> {
    for (const candidate of this.#early.splice(0)) await this.#connection.addIceCandidate(candidate);
  }

  #local(): RTCSessionDescriptionInit {
    const description = this.#connection.localDescription;
    return { type: description?.type ?? 'offer', sdp: description?.sdp ?? '' };
  }

  close(): void {
    this.#connection.close();
  }
}
