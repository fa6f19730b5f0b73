import { signal } from '@preact/signals';
import { account, api } from '../session/api.ts';
import { ask, on } from '../session/connection.ts';
import type { Call, CallKind, Jitsi, PublicUser, Signal } from '../wire.ts';
import { PeerLink } from './peer-link.ts';

export interface CurrentCall {
  id: string;
  kind: CallKind;
  other: PublicUser;
  stage: 'incoming' | 'outgoing' | 'connecting' | 'connected' | 'away';
  jitsiUrl?: string;
}

export const current = signal<CurrentCall | null>(null);
export const localStream = signal<MediaStream | null>(null);
export const remoteStream = signal<MediaStream | null>(null);
export const notice = signal<string | null>(null);
export const muted = signal(false);
export const cameraOff = signal(false);

let link: PeerLink | null = null;
let heldOffer: unknown;
/** Signals that arrive before the link exists, and ours before the server knows the call. */
let incoming: Signal[] = [];
let outgoing: Signal[] | null = null;

const words: Record<string, string> = {
  rejected: 'Call declined',
  busy: 'Busy on another call',
  user_busy: 'Busy on another call',
  unavailable: 'Not reachable',
  user_unavailable: 'Not reachable',
  user_not_found: 'No such user',
  timeout: 'No answer',
  cancelled: 'Missed call',
  network_error: 'Connection lost',
  answered_elsewhere: 'Answered on another device',
  rejected_elsewhere: 'Declined on another device',
};

function finish(reason?: string): void {
  link?.close();
  link = null;
  for (const track of localStream.value?.getTracks() ?? []) track.stop();
  localStream.value = null;
  remoteStream.value = null;
  current.value = null;
  heldOffer = undefined;
  incoming = [];
  outgoing = null;
  muted.value = false;
  cameraOff.value = false;
  if (reason) notice.value = words[reason] ?? null;
}

/** Hung up, or ended by the other side, while devices or servers were still being asked for. */
class Abandoned extends Error {}

function assertWanted(callId: string): void {
  if (current.value?.id !== callId) throw new Abandoned();
}

async function capture(callId: string, kind: CallKind): Promise<MediaStream> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: kind === 'video' });
  if (current.value?.id !== callId) for (const track of stream.getTracks()) track.stop();
  assertWanted(callId);
  localStream.value = stream;
  return stream;
}

function sendSignal(callId: string, signal: Signal): void {
  if (outgoing) outgoing.push(signal);
  else void ask('call.signal', { callId, signal }).catch(() => {});
}

/** Credentials lapse, so they are asked for each call; without an answer the local network has to do. */
async function iceServers(): Promise<RTCIceServer[]> {
  try {
    return (await api<{ iceServers: RTCIceServer[] }>('GET', '/api/v1/ice-servers')).iceServers;
  } catch {
    return [];
  }
}

async function makeLink(callId: string, stream: MediaStream, polite: boolean): Promise<PeerLink> {
  const servers = await iceServers();
  assertWanted(callId);
  const made = new PeerLink(
    stream,
    {
      signal: (signal) => sendSignal(callId, signal),
      remoteStream: (remote) => {
        remoteStream.value = remote;
      },
      state: (state) => {
        if (!current.value) return;
        if (state === 'connected') current.value = { ...current.value, stage: 'connected' };
        // The caller restarts ICE; one side is enough.
        if (state === 'failed' && !polite) {
          void made
            .offer({ iceRestart: true })
            .then((offer) => sendSignal(callId, { kind: 'offer', payload: offer }));
        }
      },
    },
    { polite, iceServers: servers },
  );
  link = made;
  return made;
}

async function take(signal: Signal): Promise<void> {
  if (link) await link.handle(signal);
  else incoming.push(signal);
}

async function takeEarly(): Promise<void> {
  for (const signal of incoming.splice(0)) await take(signal);
}

export async function place(other: PublicUser, kind: CallKind): Promise<void> {
  if (current.value) return;
  notice.value = null;
  const id = crypto.randomUUID();
  current.value = { id, kind, other, stage: 'outgoing' };
  try {
    const stream = await capture(id, kind);
    outgoing = [];
    const offer = await (await makeLink(id, stream, false)).offer();
    const { call } = await ask<{ call: Call }>('call.place', {
      to: { userId: other.id },
      kind,
      media: 'p2p',
      offer,
      callId: id,
    });
    // Two people calling each other share one call, which may be the other's.
    if (call.id !== id) return;
    const early: Signal[] = outgoing ?? [];
    outgoing = null;
    for (const signal of early) sendSignal(id, signal);
  } catch (error) {
    giveUp(id, error);
  }
}

export async function answer(): Promise<void> {
  const call = current.value;
  if (call?.stage !== 'incoming') return;
  try {
    if (call.jitsiUrl) {
      await ask('call.answer', { callId: call.id });
      current.value = { ...call, stage: 'connected' };
      return;
    }
    current.value = { ...call, stage: 'connecting' };
    const made = await makeLink(call.id, await capture(call.id, call.kind), true);
    outgoing = [];
    const reply = heldOffer === undefined ? undefined : await made.answer(heldOffer);
    await ask('call.answer', { callId: call.id, ...(reply ? { answer: reply } : {}) });
    const early: Signal[] = outgoing ?? [];
    outgoing = null;
    for (const signal of early) sendSignal(call.id, signal);
    await takeEarly();
  } catch (error) {
    giveUp(call.id, error);
  }
}

export async function hangUp(): Promise<void> {
  const call = current.value;
  if (!call) return;
  const verb = call.stage === 'incoming' ? 'call.reject' : 'call.end';
  finish();
  await ask(verb, { callId: call.id }).catch(() => {});
}

export function toggle(kind: 'audio' | 'video'): void {
  const flag = kind === 'audio' ? muted : cameraOff;
  flag.value = !flag.value;
  for (const track of localStream.value?.getTracks() ?? [])
    if (track.kind === kind) track.enabled = !flag.value;
}

/** After a reconnect: take the place in the call again, or learn that it is over. */
export async function resume(): Promise<void> {
  const mine = current.value;
  const reply = await ask<{ call: Call | null; offer?: unknown; jitsi?: Jitsi }>('call.resume', {});
  if (mine && reply.call?.id !== mine.id) finish('network_error');
  if (mine && reply.call?.phase === 'active' && link && mine.id === reply.call.id) {
    sendSignal(mine.id, { kind: 'offer', payload: await link.offer({ iceRestart: true }) });
  }
}

/** Ends what could not be started, unless something else has taken its place since. */
function giveUp(callId: string, error: unknown): void {
  if (error instanceof Abandoned || current.value?.id !== callId) return;
  finish();
  notice.value ??= explain(error);
}

function explain(error: unknown): string {
  if (error instanceof DOMException) return 'No camera or microphone';
  return error instanceof Error ? error.message : 'The call failed';
}

export function listenForCalls(): void {
  on<{ call: Call; offer?: unknown; jitsi?: Jitsi }>('call.incoming', ({ call, offer, jitsi }) => {
    const mine = current.value;
    if (mine?.id === call.id && mine.stage === 'incoming') return;
    if (mine?.stage === 'outgoing' && mine.other.id === call.caller.id) finish();
    else if (mine) return;
    heldOffer = offer;
    notice.value = null;
    current.value = {
      id: call.id,
      kind: call.kind,
      other: call.caller,
      stage: 'incoming',
      ...(jitsi ? { jitsiUrl: jitsi.url } : {}),
    };
  });
  on<{ call: Call; by: PublicUser; answer?: unknown }>('call.answered', ({ call, answer: sdp }) => {
    if (current.value?.id !== call.id) return;
    current.value = { ...current.value, stage: 'connecting' };
    void (async () => {
      if (sdp !== undefined) await link?.accept(sdp);
      await takeEarly();
    })().catch(() => finish('network_error'));
  });
  on<{ callId: string; signal: Signal }>('call.signal', ({ callId, signal: received }) => {
    if (current.value?.id === callId) void take(received).catch(() => {});
  });
  on<{ call: Call; reason: string }>('call.rejected', ({ call, reason }) => {
    if (current.value?.id === call.id) finish(reason);
  });
  on<{ to: string; reason: string }>('call.failed', ({ to, reason }) => {
    if (current.value?.other.id === to && current.value.stage === 'outgoing') finish(reason);
  });
  on<{ call: Call; by?: PublicUser; reason: string }>('call.ended', ({ call, by, reason }) => {
    if (current.value?.id !== call.id) return;
    const mine = call.caller.id === account.value?.id;
    if (reason === 'hangup' || (reason === 'cancelled' && (mine || by?.id === account.value?.id))) finish();
    else finish(reason);
  });
  on<{ call: Call; state: 'away' | 'back' }>('call.peer', ({ call, state }) => {
    if (current.value?.id !== call.id) return;
    current.value = { ...current.value, stage: state === 'away' ? 'away' : 'connecting' };
  });
}

export function dropCall(): void {
  finish();
}
