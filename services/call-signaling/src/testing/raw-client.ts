import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { eventually } from './eventually.ts';

type Frame = Record<string, unknown>;

/** A raw WebSocket with a memory for what it was told. */
export interface RawClient {
  readonly ws: WebSocket;
  readonly heard: readonly Frame[];
  /** Code and reason, once it is closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  say(frame: unknown): void;
  hears(fits: (frame: Frame) => boolean, withinMs?: number): Promise<Frame>;
}

export interface RawOptions {
  readonly protocols?: string[];
  readonly headers?: Record<string, string>;
}

/** Connects; does not wait. @param url of the node, http. */
export function dialRaw(url: string, path: string, { protocols = [], headers = {} }: RawOptions): RawClient {
  const ws = new WebSocket(`${url.replace('http', 'ws')}${path}`, protocols, { headers });
  const heard: Frame[] = [];
  ws.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as Frame));
  ws.on('error', () => {});
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  return {
    ws,
    heard,
    closed,
    say: (frame) => ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    hears: (fits, withinMs) => eventually(() => heard.find(fits), withinMs),
  };
}

/** Connects and waits until the server says 101. */
export async function openRaw(url: string, path: string, options: RawOptions): Promise<RawClient> {
  const client = dialRaw(url, path, options);
  await new Promise<void>((resolve, reject) => {
    client.ws.once('open', resolve);
    client.ws.once('error', reject);
  });
  return client;
}

/** Connects expecting an answer in HTTP. */
export async function refusedRaw(
  url: string,
  path: string,
  options: RawOptions = {},
): Promise<{ status: number; headers: Record<string, unknown>; body: unknown }> {
  const { ws } = dialRaw(url, path, options);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    ws.once('unexpected-response', (_request, answer) => resolve(answer));
    ws.once('open', () => {
      ws.close();
      reject(new Error('was let in'));
    });
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: JSON.parse(Buffer.concat(chunks).toString()),
  };
}
