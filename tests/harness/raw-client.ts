import { type ClientOptions, WebSocket } from 'ws';
import { EventLog } from './event-log.ts';

type Frame = Record<string, unknown>;

export interface RawClientOptions extends ClientOptions {
  readonly protocols?: string[];
}

/** What closed a WebSocket, as its client sees it; 1006 when there was no goodbye. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A refusal while the WebSocket still is HTTP. */
export class UpgradeRefused extends Error {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Frame;

  constructor(status: number, headers: UpgradeRefused['headers'], body: Frame) {
    super(`refused with ${status}`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** The unmodified `ws` client with a memory of what it was sent; frames go by their `type`, chat messages by `message`. */
export class RawClient {
  readonly log: EventLog;
  readonly ws: WebSocket;
  readonly #closed: Promise<Closed>;

  private constructor(who: string, ws: WebSocket) {
    this.log = new EventLog(who);
    this.ws = ws;
    ws.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Frame;
      this.log.push(typeof frame.type === 'string' ? frame.type : 'message', [frame]);
    });
    // Each ends in `close`.
    ws.on('error', () => {});
    this.#closed = new Promise((resolve) => {
      ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  /** @throws UpgradeRefused; Error when there was no answer at all. */
  static async open(who: string, url: string, options: RawClientOptions = {}): Promise<RawClient> {
    const { protocols = [], ...rest } = options;
    const client = new RawClient(who, new WebSocket(url.replace(/^http/, 'ws'), protocols, rest));
    const { ws } = client;
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
      ws.once('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          const text = Buffer.concat(chunks).toString();
          if (headers['content-type']?.startsWith('application/json'))
            reject(new UpgradeRefused(statusCode, headers, JSON.parse(text) as Frame));
          // The gateway's own words, when it has no node to ask.
          else reject(new Error(`${who} was refused with ${statusCode}: ${text}`));
        });
      });
    });
    return client;
  }

  /** A string goes as it is. */
  say(frame: unknown): void {
    this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Resolves with the goodbye when the socket is closed, at once when it is. */
  closed(withinMs = 5000): Promise<Closed> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`still open after ${withinMs} ms`)), withinMs);
      void this.#closed.then((closed) => {
        clearTimeout(timer);
        resolve(closed);
      });
    });
  }

  /** Pulls the plug without a goodbye. */
  dropLine(): void {
    this.ws.terminate();
  }

  close(): void {
    this.ws.close();
  }
}
