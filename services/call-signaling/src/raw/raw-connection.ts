import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Dialect } from '@switchboard/dialects';
import type { Identity, Result, RoomId } from '@switchboard/protocol';
import type { Socket } from 'socket.io';
import type { WebSocket } from 'ws';
import { CLOSE_CODES, type Farewell } from './close-codes.ts';
import { inboundPacket, type OutboundFrame } from './raw-frames.ts';

/** Who is behind a raw socket, found out before its upgrade was accepted. */
export interface RawAdmission {
  readonly identity: Identity;
  readonly dialect: Dialect;
  /** The one room of this socket. */
  readonly room: RoomId;
}

/** Bytes that may wait for a client that does not read them. */
const UNSENT_BYTES = 16 * 1024 * 1024;

export interface RawConnectionParts {
  readonly admission: RawAdmission;
  readonly secure: boolean;
  readonly remoteAddress: string;
  readonly outbound: (packet: unknown) => OutboundFrame;
  /** Epoch ms. */
  readonly now: () => number;
}

/**
 * A raw WebSocket in the shape of an Engine.IO connection, so that Socket.IO makes a socket of it: rooms, adapter, drain and everything
 * else behind the edge hold for it without knowing. Events: `data`, `close`, and for the bound on unsent packets `packetCreate` and `flush`.
 *
 *   entering ──enter──▶ entered ──open(ws)──▶ open ──▶ closed        every state ends in closed
 *
 * It is a socket in its room before its client is told that the upgrade succeeded: what is said in the room from then on it hears, so that
 * clients need no greeting; and a room that cannot be entered is still a refusal in HTTP. What comes for it while it enters is kept, in order.
 */
export class RawConnection extends EventEmitter {
  readonly id = randomUUID();
  /** The engine's fourth: no CONNECT of its own, the packet is fed to it. */
  readonly protocol = 4;
  readonly transport: { readonly name: string; readonly writable: boolean };
  readonly remoteAddress: string;
  /** What Socket.IO shows as the handshake; without the headers, which hold a token and would stay as long as the socket does. */
  readonly request: object;
  readonly admission: RawAdmission;
  readyState: 'open' | 'closed' = 'open';
  /** When the client was last heard, a pong included; epoch ms. */
  heardAt: number;
  /** When it was asked for a sign of life that has not come yet. */
  pingedAt: number | undefined;
  /** Whether it came into its room; the farewell when it was closed instead. */
  readonly entered: Promise<Result<unknown> | Farewell>;

  #settle: (entered: Result<unknown> | Farewell) => void = () => {};
  #ws: WebSocket | undefined;
  /** What waits for the WebSocket. */
  readonly #early: Buffer[] = [];
  readonly #now: () => number;
  readonly #outbound: RawConnectionParts['outbound'];
  /** Packets given to the transport and not yet written; of those, how many came before the last `flush`. */
  #unsent = 0;
  #flushed = 0;

  constructor({ admission, secure, remoteAddress, outbound, now }: RawConnectionParts) {
    super();
    this.admission = admission;
    this.remoteAddress = remoteAddress;
    this.#outbound = outbound;
    this.#now = now;
    this.heardAt = now();
    const url = `/ws/chat/${admission.room}/`;
    this.request = { headers: {}, url, connection: { encrypted: secure }, _query: {} };
    const isWritable = (): boolean => this.#ws?.bufferedAmount === 0;
    this.transport = {
      name: 'websocket',
      get writable() {
        return isWritable();
      },
    };
    this.entered = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** How the way into the room ended. */
  enter(result: Result<unknown>): void {
    this.#settle(result);
  }

  /** The upgrade succeeded: from now on the client speaks and is spoken to. */
  open(ws: WebSocket): void {
    // What broke the protocol is closed by the transport, with its code; what is gone is gone.
    ws.on('error', () => {});
    if (this.readyState !== 'open') {
      ws.terminate();
      return;
    }
    this.#ws = ws;
    ws.on('message', (data: Buffer, isBinary: boolean) => {
      this.#heard();
      if (this.readyState === 'open') {
        this.emit('data', inboundPacket(data, isBinary, this.admission.room));
      }
    });
    ws.on('pong', () => this.#heard());
    ws.on('ping', () => this.#heard());
    ws.once('close', () => this.lost());
    for (const data of this.#early.splice(0)) this.#transmit(ws, data);
  }

  #heard(): void {
    this.heardAt = this.#now();
    this.pingedAt = undefined;
  }

  ping(): void {
    if (!this.#ws) return;
    this.pingedAt = this.#now();
    this.#ws.ping();
  }

  /** A packet of Socket.IO, encoded; goes out as what it is in this vocabulary. */
  write(packet: unknown): void {
    if (this.readyState !== 'open') return;
    const frame = this.#outbound(packet);
    if (frame.kind === 'connect_error') this.end('fault');
    // To clients of Socket.IO it is final; whoever means something else says so by `end`.
    else if (frame.kind === 'disconnect') this.end('refused');
    else if (frame.kind === 'text') this.#send(frame.data);
  }

  #send(data: Buffer): void {
    this.emit('packetCreate');
    if (this.readyState !== 'open') return;
    if (this.#ws) this.#transmit(this.#ws, data);
    else this.#early.push(data);
  }

  #transmit(ws: WebSocket, data: Buffer): void {
    this.#unsent += 1;
    ws.send(data, { binary: false }, () => {
      this.#unsent -= 1;
      this.#flushed -= 1;
      this.#flush();
    });
    this.#flush();
    if (ws.bufferedAmount > UNSENT_BYTES) this.close(true);
  }

  /** As the engine does it: when all that was handed over is written, what came in the meantime is handed over. */
  #flush(): void {
    if (this.#flushed > 0 || this.#unsent === 0) return;
    this.#flushed = this.#unsent;
    this.emit('flush');
  }

  /** @param discard Cut at once, for a client that would not take a goodbye. */
  close(discard = false): void {
    if (discard) {
      this.#ws?.terminate();
      this.#over('forced close', 'fault');
    } else this.end('drain');
  }

  end(farewell: Farewell): void {
    if (this.readyState !== 'open') return;
    const { code, reason } = CLOSE_CODES[farewell];
    this.#ws?.close(code, reason);
    this.#over('forced close', farewell);
  }

  /** The client is gone. */
  lost(): void {
    this.#over('transport close', 'fault');
  }

  #over(reason: string, farewell: Farewell): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.#early.length = 0;
    this.#settle(farewell);
    this.emit('close', reason);
  }
}

/** The raw connection under a Socket.IO socket; undefined for those of Engine.IO. */
export function rawConnectionOf(socket: Socket): RawConnection | undefined {
  const conn: unknown = socket.conn;
  return conn instanceof RawConnection ? conn : undefined;
}
