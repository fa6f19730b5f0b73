import { io, type Socket } from 'socket.io-client';
import { shown, wrongAck, wrongErrorEvent } from '../refusal-shape.ts';
import type { EventCase } from './event-cases.ts';

/** A socket that says what it should not, and complains of whatever it is told in return. It remembers nothing else. */
export class HostileSocket {
  readonly complaints: string[] = [];
  readonly #socket: Socket;
  #errors = 0;
  #expected = 0;
  #count = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', (payload: unknown) => {
      this.#errors += 1;
      const wrong = wrongErrorEvent(payload);
      if (wrong) this.complaints.push(wrong);
    });
    socket.on('disconnect', (reason) => this.complaints.push(`the socket was closed: ${reason}`));
  }

  static async open(url: string, token: string, dialect: string): Promise<HostileSocket> {
    const socket = io(url, {
      forceNew: true,
      transports: ['websocket'],
      reconnection: false,
      auth: { token, dialect },
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return new HostileSocket(socket);
  }

  /** Every case is answered; every fifth that is refused as invalid is said again without an ack, to be answered by an event. */
  async say({ event, args }: EventCase): Promise<void> {
    this.#count += 1;
    const again = this.#count % 5 === 0;
    let answer: { ok?: boolean; error?: { code: string } };
    try {
      answer = await this.#socket.timeout(30_000).emitWithAck(event, ...args);
    } catch {
      this.complaints.push(`no answer to ${shown(event, 60)} ${shown(args)}`);
      return;
    }
    const wrong = wrongAck(answer);
    if (wrong) this.complaints.push(`${wrong} to ${shown(event, 60)} ${shown(args)}`);
    const code = answer.error?.code;
    if (code === 'INTERNAL' || code === 'SERVICE_UNAVAILABLE') {
      this.complaints.push(`${code} to ${shown(event, 60)} ${shown(args)}`);
    }
    if (again && code === 'INVALID_DATA' && typeof args.at(-1) !== 'function') {
      this.#expected += 1;
      this.#socket.emit(event, ...args);
    }
  }

  /** Waits until everything said without an ack was answered. */
  async settle(): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (this.#errors < this.#expected) {
      if (Date.now() > deadline || !this.#socket.connected) {
        this.complaints.push(`${this.#expected - this.#errors} events without an ack were not answered`);
        this.#expected = this.#errors;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  close(): void {
    this.#socket.off('disconnect');
    this.#socket.close();
  }
}
