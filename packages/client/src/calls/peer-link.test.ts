import { describe, expect, it } from 'vitest';
import { until } from '../testing/until.ts';
import type { Signal } from '../wire.ts';
import type { CallEvents, CallHandle } from './call-handle.ts';
import { KeptEvents } from './kept-events.ts';
import { PeerLink } from './peer-link.ts';

interface Description {
  type: string;
  sdp: string;
}

/** The signalling states of JSEP, and an `sdp` that says what it answers. */
class FakePeer extends EventTarget {
  readonly name: string;
  signalingState = 'stable';
  connectionState = 'new';
  localDescription: Description | null = null;
  remoteDescription: Description | null = null;
  readonly candidates: unknown[] = [];
  configuration: object = { iceTransportPolicy: 'all' };
  #offers = 0;

  constructor(name: string) {
    super();
    this.name = name;
  }

  async createOffer(options?: { iceRestart?: boolean }): Promise<Description> {
    this.#offers += 1;
    return {
      type: 'offer',
      sdp: `${options?.iceRestart ? 'restart' : 'offer'} ${this.#offers} of ${this.name}`,
    };
  }

  async setLocalDescription(given?: unknown): Promise<void> {
    await Promise.resolve();
    if (given) this.localDescription = given as Description;
    else if (this.signalingState === 'have-remote-offer')
      this.localDescription = { type: 'answer', sdp: `answer to ${this.remoteDescription?.sdp}` };
    else this.localDescription = await this.createOffer();
    this.signalingState = this.localDescription.type === 'offer' ? 'have-local-offer' : 'stable';
  }

  async setRemoteDescription(given: unknown): Promise<void> {
    await Promise.resolve();
    const description = given as Description;
    if (description.type === 'answer' && this.signalingState !== 'have-local-offer')
      throw new Error('no offer');
    this.remoteDescription = description;
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
  }

  async addIceCandidate(candidate: unknown): Promise<void> {
    if (!this.remoteDescription) throw new Error('no description');
    this.candidates.push(candidate);
  }

  getConfiguration(): object {
    return this.configuration;
  }

  setConfiguration(configuration: object): void {
    this.configuration = configuration;
  }

  find(candidate: string): void {
    this.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate: { toJSON: () => candidate } }));
  }

  become(state: string): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

/** Two ends of a call without a server between: what one signals the other hears. */
function callBetween(): {
  caller: CallHandle;
  callee: CallHandle;
  tell: Record<'caller' | 'callee', KeptEvents<CallEvents>>;
} {
  const tell = { caller: new KeptEvents<CallEvents>(), callee: new KeptEvents<CallEvents>() };
  const end = (mine: 'caller' | 'callee', other: 'caller' | 'callee') =>
    ({
      direction: mine === 'caller' ? 'outgoing' : 'incoming',
      on: tell[mine].on.bind(tell[mine]),
      signal: (signal: Signal) => queueMicrotask(() => tell[other].emit('signal', signal)),
    }) as unknown as CallHandle;
  return { caller: end('caller', 'callee'), callee: end('callee', 'caller'), tell };
}

const bob = { id: '2', username: 'bob', name: 'Bob' };
const agreed = (a: FakePeer, b: FakePeer) =>
  a.signalingState === 'stable' &&
  b.signalingState === 'stable' &&
  (a.remoteDescription?.sdp === `answer to ${a.localDescription?.sdp}` ||
    b.remoteDescription?.sdp === `answer to ${b.localDescription?.sdp}`);

async function connected() {
  const [a, b] = [new FakePeer('a'), new FakePeer('b')];
  const [mine, theirs] = [new PeerLink(a), new PeerLink(b)];
  const call = callBetween();
  const offer = await mine.offer();
  mine.bind(call.caller);
  theirs.bind(call.callee);
  call.tell.caller.emit('answered', { by: bob, answer: await theirs.answer(offer) });
  await until('they agree', () => agreed(a, b));
  return { a, b, mine, theirs, ...call };
}

describe('a peer link', () => {
  it('offers with the ring and takes the answer with the accept; candidates wait for their description', async () => {
    const [a, b] = [new FakePeer('a'), new FakePeer('b')];
    const [mine, theirs] = [new PeerLink(a), new PeerLink(b)];
    const { caller, callee, tell } = callBetween();
    const offer = await mine.offer();
    a.find('a1');
    mine.bind(caller);
    a.find('a2');
    theirs.bind(callee);
    const answer = await theirs.answer(offer);
    b.find('b1');
    await until('the early one is there', () => b.candidates.length === 2);
    expect(a.candidates).toEqual([]);
    tell.caller.emit('answered', { by: bob, answer });
    await until('they agree', () => agreed(a, b) && a.candidates.length === 1);
    expect([a.candidates, b.candidates]).toEqual([['b1'], ['a1', 'a2']]);
  });

  it('of a caller without an offer offers after the accept', async () => {
    const [a, b] = [new FakePeer('a'), new FakePeer('b')];
    const { caller, callee, tell } = callBetween();
    new PeerLink(a).bind(caller);
    new PeerLink(b).bind(callee);
    tell.caller.emit('answered', { by: bob });
    await until('they agree', () => agreed(a, b));
  });

  it('of a callee that accepted without an answer answers the offer that follows, once', async () => {
    const [a, b] = [new FakePeer('a'), new FakePeer('b')];
    const mine = new PeerLink(a);
    const { caller, callee, tell } = callBetween();
    const offer = await mine.offer();
    mine.bind(caller);
    new PeerLink(b).bind(callee);
    tell.caller.emit('answered', { by: bob });
    tell.callee.emit('signal', { kind: 'offer', payload: offer });
    await until('they agree', () => agreed(a, b));
    expect(a.localDescription?.sdp).toBe((offer as Description).sdp);
  });

  it('lets the caller’s offer stand when two cross', async () => {
    const { a, b, mine, theirs } = await connected();
    await Promise.all([mine.renegotiate(), theirs.renegotiate()]);
    await until('they agree', () => agreed(a, b) && a.localDescription?.sdp.startsWith('offer 2'));
    expect(b.localDescription).toEqual({ type: 'answer', sdp: `answer to ${a.localDescription?.sdp}` });
  });

  it('restarts ICE when it returned to the call, and when media failed: then the caller alone', async () => {
    const { a, b, tell } = await connected();
    tell.callee.emit('resumed', { call: {} as never });
    await until(
      'the callee’s restart is answered',
      () => b.localDescription?.sdp.startsWith('restart') && agreed(a, b),
    );
    const before = b.localDescription;
    b.become('failed');
    a.become('failed');
    await until(
      'the caller’s restart is answered',
      () => a.localDescription?.sdp.startsWith('restart') && agreed(a, b),
    );
    expect(before).not.toEqual(b.localDescription);
    expect(b.localDescription?.type).toBe('answer');
  });

  it('of a party that took the call over offers anew, and the other party answers it with a new connection', async () => {
    const [old, here, fresh] = [new FakePeer('old'), new FakePeer('here'), new FakePeer('fresh')];
    const { caller, callee, tell } = callBetween();
    let renewed = 0;
    const link = new PeerLink(old, {
      renew: async () => {
        renewed += 1;
        return fresh;
      },
    });
    await link.offer();
    link.bind(caller);
    tell.caller.emit('moved', { by: bob });
    // Kept for whoever binds: the connection and its tracks come first.
    tell.callee.emit('taken', { call: {} as never });
    new PeerLink(here).bind(callee);
    await until('the new ones agree', () => agreed(here, fresh));
    expect([fresh.localDescription?.type, renewed]).toEqual(['answer', 1]);
    old.find('late');
    fresh.find('new');
    await until('it came', () => here.candidates.length > 0);
    expect(here.candidates).toEqual(['new']);
  });

  it('takes new servers into its configuration, and leaves the rest of that as it is', async () => {
    const { a, tell } = await connected();
    const iceServers = [{ urls: ['turn:turn.example.com'], username: '1:1', credential: 'x' }];
    tell.caller.emit('ice-servers', { iceServers });
    expect(a.configuration).toEqual({ iceTransportPolicy: 'all', iceServers });
  });

  it('repeats an offer that the other party was not there to hear', async () => {
    const { a, b, mine, tell, caller } = await connected();
    const there = caller.signal.bind(caller);
    (caller as { signal: CallHandle['signal'] }).signal = () => {};
    await mine.renegotiate();
    expect(a.signalingState).toBe('have-local-offer');
    (caller as { signal: CallHandle['signal'] }).signal = there;
    tell.caller.emit('back', { by: bob });
    await until('they agree', () => agreed(a, b) && a.localDescription?.sdp.startsWith('offer 2'));
  });

  it('says and hears nothing after the end', async () => {
    const { a, b, tell } = await connected();
    tell.caller.emit('ended', { reason: 'hangup' });
    a.find('late');
    a.become('failed');
    tell.caller.emit('signal', { kind: 'offer', payload: { type: 'offer', sdp: 'late' } });
    await Promise.resolve();
    expect(b.candidates).toEqual([]);
    expect(a.signalingState).toBe('stable');
  });
});
