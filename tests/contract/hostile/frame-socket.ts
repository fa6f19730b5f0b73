import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { within } from './raw-frames.ts';

/** A raw WebSocket in a room that sends frames it should not. None is answered; the socket has to live. */
export class FrameSocket {
  readonly complaints: string[] = [];
  readonly #ws: WebSocket;
  #marker: { readonly text: string; readonly heard: () => void } | undefined;

  private constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on('message', (data: Buffer) => {
      if (this.#marker && data.includes(this.#marker.text)) this.#marker.heard();
    });
    ws.on('error', () => {});
    ws.on('close', (code) => this.complaints.push(`the socket was closed: ${code}`));
  }

  static async open(url: string, token: string, roomId: string): Promise<FrameSocket> {
    const ws = new WebSocket(`${url.replace('http', 'ws')}/ws/chat/${roomId}/`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await once(ws, 'open');
    return new FrameSocket(ws);
  }

  send(frame: string | Buffer): void {
    this.#ws.send(frame);
  }

  /** A proper message comes back behind all frames before it. */
  async settle(): Promise<void> {
    const text = `marker ${randomUUID()}`;
    const heard = new Promise<void>((resolve) => {
      this.#marker = { text, heard: resolve };
    });
    this.#ws.send(JSON.stringify({ content: text }));
    await within(30_000, heard, 'a proper message after hostile frames was not heard').catch((error: Error) =>
      this.complaints.push(error.message),
    );
  }

  close(): void {
    this.#ws.removeAllListeners('close');
    this.#ws.terminate();
  }
}
