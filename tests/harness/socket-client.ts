import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { EventLog } from './event-log.ts';

/** The unmodified socket.io-client with a memory of what it was sent. */
export class SocketClient {
  readonly log: EventLog;
  readonly socket: Socket;

  private constructor(who: string, socket: Socket) {
    this.log = new EventLog(who);
    this.socket = socket;
    socket.onAny((event: string, ...args: unknown[]) => this.log.push(event, args));
  }

  static async open(
    who: string,
    url: string,
    options: Partial<ManagerOptions & SocketOptions>,
  ): Promise<SocketClient> {
    const socket = io(url, {
      forceNew: true,
      transports: ['websocket'],
      reconnectionDelay: 100,
      reconnectionDelayMax: 300,
      ...options,
    });
    const client = new SocketClient(who, socket);
    await new Promise<void>((resolve, reject) => {
      const refused = (error: Error) => {
        socket.close();
        reject(error);
      };
      socket.once('connect_error', refused);
      socket.once('connect', () => {
        // Later failures are the client library's to retry.
        socket.off('connect_error', refused);
        resolve();
      });
    });
    return client;
  }

  send(event: string, ...args: unknown[]): void {
    this.socket.emit(event, ...args);
  }

  /** Sends and waits for the ack, whatever it says. */
  async ask(event: string, ...args: unknown[]): Promise<Record<string, unknown>> {
    return (await this.socket.timeout(15_000).emitWithAck(event, ...args)) as Record<string, unknown>;
  }

  /** Pulls the plug without a goodbye; the client library comes back by itself unless told to stay away. */
  dropLine(comeBack: boolean): void {
    this.socket.io.reconnection(comeBack);
    this.socket.io.engine.close();
  }

  /** Resolves with the reason when the socket is closed, at once when it is; fails after `withinMs`. */
  closed(withinMs = 5000): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.socket.disconnected) return resolve('before');
      const timer = setTimeout(() => reject(new Error(`still open after ${withinMs} ms`)), withinMs);
      this.socket.once('disconnect', (reason) => {
        clearTimeout(timer);
        resolve(reason);
      });
    });
  }

  close(): void {
    this.socket.close();
  }
}
