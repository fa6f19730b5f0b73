import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { until } from '../../harness/event-log.ts';

interface Frame {
  readonly type?: string;
  readonly sender_id?: number;
  readonly user?: { readonly id: number };
}

/** A raw WebSocket in a room, or the status with which it was refused. */
export class RawSocket {
  readonly heard: Frame[] = [];
  readonly #ws: WebSocket;

  private constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on('message', (data: Buffer) => this.heard.push(JSON.parse(data.toString())));
  }

  static async open(url: string, roomId: string, token: string | undefined): Promise<RawSocket | number> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const ws = new WebSocket(`${url.replace('http', 'ws')}/ws/chat/${roomId}/`, { headers });
    ws.on('error', () => {});
    const socket = new RawSocket(ws);
    const refused = once(ws, 'unexpected-response').then(
      ([, reply]) => (reply as IncomingMessage).statusCode ?? 0,
    );
    return Promise.race([once(ws, 'open').then(() => socket), refused]);
  }

  send(frame: unknown): void {
    this.#ws.send(JSON.stringify(frame));
  }

  /** Resolves when a frame by this user has come; whatever the vocabulary calls the sender. */
  hears(userId: string, type: string | undefined): Promise<unknown> {
    const by = ({ sender_id, user }: Frame) => (sender_id ?? user?.id) === Number(userId);
    return until(`a frame by ${userId}`, () => this.heard.find((frame) => by(frame) && frame.type === type));
  }

  close(): void {
    this.#ws.terminate();
  }
}
