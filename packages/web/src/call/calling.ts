import { signal } from '@preact/signals';
import {
  type CallHandle,
  type CallKind,
  PeerLink,
  type PublicUser,
  SwitchboardError,
} from '@switchboard/client';
import { account, client } from '../session/client.ts';

export interface CurrentCall {
  id: string;
  kind: CallKind;
  other: PublicUser;
  stage: 'incoming' | 'outgoing' | 'connecting' | 'connected' | 'away';
  jitsiUrl?: string;
}

export const current = signal<CurrentCall | null>(null);
/** A call of this user in another device or window, which may go on here. */
export const elsewhere = signal<Pick<CallHandle, 'id' | 'kind' | 'media' | 'other'> | null>(null);
export const localStream = signal<MediaStream | null>(null);
export const remoteStream = signal<MediaStream | null>(null);
export const notice = signal<string | null>(null);
export const muted = signal(false);
export const cameraOff = signal(false);

/** What belongs to the current call and is shown to nobody. */
interface Machinery {
  handle?: CallHandle;
  connection?: RTCPeerConnection;
  /** Gives up a call that is still being placed. */
  readonly placing: AbortController;
}
let machinery: Machinery = { placing: new AbortController() };

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
  lost: 'Connection lost',
  answered_elsewhere: 'Answered on another device',
  rejected_elsewhere: 'Declined on another device',
  moved: 'Goes on on another device',
};

function finish(reason?: string): void {
  machinery.connection?.close();
  machinery = { placing: new AbortController() };
  for (const track of localStream.value?.getTracks() ?? []) track.stop();
  localStream.value = null;
  remoteStream.value = null;
  current.value = null;
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

/** They come with the call. Before it is placed they are asked for; without an answer the local network has to do. */
async function iceServers(): Promise<RTCIceServer[]> {
  const { handle } = machinery;
  if (handle) return [...handle.iceServers];
  try {
    return (await client.calls.iceServers()).iceServers;
  } catch {
    return [];
  }
}

async function makeLink(callId: string, stream: MediaStream): Promise<PeerLink> {
  const connection = await connect(callId, stream);
  return new PeerLink(connection, { renew: () => connect(callId, stream) });
}

/** In place of the connection there was, if any. */
async function connect(callId: string, stream: MediaStream): Promise<RTCPeerConnection> {
  const servers = await iceServers();
  assertWanted(callId);
  machinery.connection?.close();
  const connection = new RTCPeerConnection({ iceServers: servers });
  machinery.connection = connection;
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
  connection.ontrack = ({ streams }) => {
    if (streams[0]) remoteStream.value = streams[0];
  };
  if (machinery.handle) client.calls.measure(machinery.handle, connection);
  connection.onconnectionstatechange = () => {
    if (connection.connectionState === 'connected') stage(callId, 'connected');
  };
  return connection;
}

function stage(callId: string, now: CurrentCall['stage']): void {
  if (current.value?.id === callId) current.value = { ...current.value, stage: now };
}

function follow(call: CallHandle): void {
  machinery.handle = call;
  if (machinery.connection) client.calls.measure(call, machinery.connection);
  call.on('answered', () => stage(call.id, 'connecting'));
  call.on('away', () => stage(call.id, 'away'));
  // The media may never have stopped; what the peer connection says next is the truth.
  const returned = () =>
    stage(call.id, machinery.connection?.connectionState === 'connected' ? 'connected' : 'connecting');
  call.on('back', returned);
  call.on('resumed', returned);
  call.on('moved', () => stage(call.id, 'connecting'));
  call.on('ended', ({ reason, by }) => {
    if (current.value?.id !== call.id) return;
    if (reason === 'answered_elsewhere' || reason === 'moved') offerHere(call);
    const own = by?.id === account.value?.id || call.direction === 'outgoing';
    finish(reason === 'hangup' || (reason === 'cancelled' && own) ? undefined : reason);
  });
}

export async function place(other: PublicUser, kind: CallKind): Promise<void> {
  if (current.value) return;
  notice.value = null;
  elsewhere.value = null;
  const id = crypto.randomUUID();
  current.value = { id, kind, other, stage: 'outgoing' };
  const { signal: given } = machinery.placing;
  try {
    const link = await makeLink(id, await capture(id, kind));
    const offer = await link.offer();
    const call = await client.calls.place({ userId: other.id }, { kind, offer, callId: id, signal: given });
    // Two people calling each other share one call, which may be the other's.
    if (call.id !== id) return;
    follow(call);
    link.bind(call);
  } catch (error) {
    giveUp(id, error);
  }
}

export async function answer(): Promise<void> {
  const mine = current.value;
  const { handle } = machinery;
  if (mine?.stage !== 'incoming' || !handle) return;
  try {
    if (mine.jitsiUrl) {
      await handle.answer();
      stage(mine.id, 'connected');
      return;
    }
    stage(mine.id, 'connecting');
    const link = await makeLink(mine.id, await capture(mine.id, mine.kind));
    const description = handle.offer === undefined ? undefined : await link.answer(handle.offer);
    link.bind(handle);
    await handle.answer(description);
  } catch (error) {
    giveUp(mine.id, error);
  }
}

/**
 * Asks, when the page is loaded, for the call this user is in. The server gives the place of a page that is gone to the next one; a page that took it and showed nothing
 * would leave the other side waiting, and this user busy.
 */
export async function rejoin(): Promise<void> {
  const call = await client.calls.resume().catch(() => null);
  // One that rings here is announced like any other.
  if (!call || (call.direction === 'incoming' && call.state !== 'active')) return;
  const { callerDevice, answerDevice } = call.info;
  const seat = call.direction === 'outgoing' ? callerDevice : answerDevice;
  const { connection } = client;
  if (connection.status === 'connected' && seat?.deviceId === connection.deviceId) await comeBack(call);
  else {
    // Another window has it, and leaves it to this one when it closes.
    call.on('resumed', () => void comeBack(call));
    offerHere(call);
  }
}

function offerHere({ id, kind, media, other }: CallHandle): void {
  elsewhere.value = { id, kind, media, other };
}

/** Goes on here with the call that another window or device of this user is in. */
export async function takeOver(): Promise<void> {
  const there = elsewhere.value;
  elsewhere.value = null;
  if (!there || current.value) return;
  const { media, ...shown } = there;
  notice.value = null;
  current.value = { ...shown, stage: 'connecting' };
  try {
    // First, so that nobody is left waiting by a window that has no microphone.
    const stream = media === 'p2p' ? await capture(there.id, there.kind) : undefined;
    const call = await client.calls.takeOver(there.id);
    if (current.value?.id !== there.id) {
      call.end();
      return;
    }
    follow(call);
    if (stream) (await makeLink(call.id, stream)).bind(call);
    else if (call.jitsi) current.value = { ...shown, stage: 'connected', jitsiUrl: call.jitsi.url };
  } catch (error) {
    giveUp(there.id, error);
  }
}

async function comeBack(call: CallHandle): Promise<void> {
  if (current.value || call.state === 'ended') return;
  elsewhere.value = null;
  const active = call.state === 'active';
  current.value = {
    id: call.id,
    kind: call.kind,
    other: call.other,
    stage: !active ? 'outgoing' : call.jitsi ? 'connected' : 'connecting',
    ...(call.jitsi ? { jitsiUrl: call.jitsi.url } : {}),
  };
  follow(call);
  if (call.jitsi) return;
  if (active) await offerAnew(call);
  // The answer is to an offer whose connection went with the former page.
  else call.on('answered', () => void offerAnew(call));
}

async function offerAnew(call: CallHandle): Promise<void> {
  try {
    const link = await makeLink(call.id, await capture(call.id, call.kind));
    link.bind(call);
    await link.renegotiate();
  } catch (error) {
    if (!(error instanceof Abandoned)) call.end();
    giveUp(call.id, error);
  }
}

export function hangUp(): void {
  const { handle, placing } = machinery;
  if (handle) handle.end();
  else placing.abort();
  finish();
}

export function toggle(kind: 'audio' | 'video'): void {
  const flag = kind === 'audio' ? muted : cameraOff;
  flag.value = !flag.value;
  for (const track of localStream.value?.getTracks() ?? [])
    if (track.kind === kind) track.enabled = !flag.value;
}

/** Ends what could not be started, unless something else has taken its place since. */
function giveUp(callId: string, error: unknown): void {
  if (error instanceof Abandoned || current.value?.id !== callId) return;
  finish();
  notice.value ??= explain(error);
}

function explain(error: unknown): string {
  if (error instanceof DOMException) return 'No camera or microphone';
  if (error instanceof SwitchboardError && 'reason' in error)
    return words[String(error.reason)] ?? error.message;
  return error instanceof Error ? error.message : 'The call failed';
}

export function listenForCalls(): void {
  client.on('call', (call) => {
    const mine = current.value;
    if (mine?.stage === 'outgoing' && !machinery.handle && mine.other.id === call.other.id) finish();
    else if (mine) return;
    notice.value = null;
    elsewhere.value = null;
    current.value = {
      id: call.id,
      kind: call.kind,
      other: call.other,
      stage: 'incoming',
      ...(call.jitsi ? { jitsiUrl: call.jitsi.url } : {}),
    };
    follow(call);
  });
}

export function dropCall(): void {
  elsewhere.value = null;
  finish();
}
