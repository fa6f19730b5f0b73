import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** How a push service that misbehaves answers one request. What it does not say goes as it should. */
export type Misbehaviour =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Never. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'slow'; readonly ms: number }
  /** Takes what was sent, and answers nonsense. */
  | { readonly kind: 'garbage' }
  /** Takes what was sent, and breaks the connection before it has answered. */
  | { readonly kind: 'lost' }
  /** Breaks the connection. */
  | { readonly kind: 'reset' };

export interface StandInRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface StandInReply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A push service on a port of this machine. */
export interface StandIn extends AsyncDisposable {
  /** e.g. `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Requests so far, in hand now, and in hand at once at most. */
  readonly requests: number;
  readonly inHand: number;
  readonly mostInHand: number;
}

export interface StandInOptions {
  readonly misbehave: (request: StandInRequest) => Misbehaviour | undefined;
  /** What the service does with a request that it takes. */
  readonly take: (request: StandInRequest) => StandInReply;
}

export async function startStandIn({ misbehave, take }: StandInOptions): Promise<StandIn> {
  let requests = 0;
  let inHand = 0;
  let mostInHand = 0;
  const timers = new Set<NodeJS.Timeout>();

  const answer = (request: StandInRequest, response: ServerResponse): void => {
    const fault = misbehave(request);
    const properly = (): void => {
      const { status, headers, body } = take(request);
      response.writeHead(status, headers).end(body);
    };
    if (fault === undefined) properly();
    else if (fault.kind === 'status') response.writeHead(fault.status, fault.headers).end(fault.body);
    else if (fault.kind === 'slow') {
      const timer = setTimeout(() => {
        timers.delete(timer);
        properly();
      }, fault.ms);
      timers.add(timer);
    } else if (fault.kind === 'garbage') {
      take(request);
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>It works!</html>');
    } else if (fault.kind === 'lost') {
      take(request);
      response.destroy();
    } else if (fault.kind === 'reset') response.destroy();
  };

  const server = createServer((incoming, response) => {
    requests++;
    inHand++;
    mostInHand = Math.max(mostInHand, inHand);
    response.once('close', () => inHand--);
    const chunks: Buffer[] = [];
    incoming.on('error', () => undefined);
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const raw = Buffer.concat(chunks);
      const body = headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      answer({ method, path, headers, body }, response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    get inHand() {
      return inHand;
    },
    get mostInHand() {
      return mostInHand;
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
