import { signal } from '@preact/signals';
import { io, type Socket } from 'socket.io-client';
import type { Refusal } from '../wire.ts';
import { ApiError, accessToken, forget, refresh } from './api.ts';

export const connected = signal(false);

let socket: Socket | null = null;
const listeners = new Map<string, (payload: never) => void>();
let onConnect: () => void = () => {};

/** Registers what to do with an event of the server; to be called before `connect`. */
export function on<T>(event: string, handle: (payload: T) => void): void {
  listeners.set(event, handle as (payload: never) => void);
}

export function whenConnected(handle: () => void): void {
  onConnect = handle;
}

export function connect(): void {
  disconnect();
  socket = io({
    // Asked at every attempt, so that a reconnect uses the newest token.
    auth: (give) => give({ token: accessToken(), dialect: 'native' }),
    transports: ['websocket', 'polling'],
  });
  socket.on('connect', () => {
    connected.value = true;
    onConnect();
  });
  socket.on('disconnect', (reason) => {
    connected.value = false;
    // Closed by the server on purpose: the client library stays away, unless we ask whether the session still lives.
    if (reason === 'io server disconnect') void renew();
  });
  socket.on('connect_error', (error) => {
    connected.value = false;
    if (error.message === 'Authentication error') void renew();
    else if (error.message === 'User not found') forget();
  });
  for (const [event, handle] of listeners) socket.on(event, handle as (payload: unknown) => void);
}

async function renew(): Promise<void> {
  const mine = socket;
  try {
    await refresh();
    if (mine === socket) socket?.connect();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) forget();
    else setTimeout(() => mine === socket && void renew(), 2000);
  }
}

export function disconnect(): void {
  socket?.disconnect();
  socket = null;
  connected.value = false;
}

export class Refused extends Error {
  readonly code: string;
  readonly retryable: boolean;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.code = refusal.code;
    this.retryable = refusal.retryable ?? false;
  }
}

type Ack<T> = ({ ok: true } & T) | { ok: false; error: Refusal };

/** Sends a command and resolves with its ack; no ack within ten seconds means unknown and may be tried again. */
export async function ask<T>(event: string, payload: unknown): Promise<T> {
  if (!socket?.connected)
    throw new Refused({ code: 'SERVICE_UNAVAILABLE', message: 'Not connected', retryable: true });
  let ack: Ack<T>;
  try {
    ack = (await socket.timeout(10_000).emitWithAck(event, payload)) as Ack<T>;
  } catch {
    throw new Refused({ code: 'SERVICE_UNAVAILABLE', message: 'No answer from the server', retryable: true });
  }
  if (!ack.ok) throw new Refused(ack.error);
  return ack;
}
