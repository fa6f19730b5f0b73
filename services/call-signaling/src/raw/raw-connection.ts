import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Dialect } from '@switchboard/dialects';
import type { Identity, RoomId } from '@switchboard/protocol';
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
  readonly ws: WebSocket;
  readonly admission: RawAdmission;
  readonly url: string;
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
 * Nothing is read from the client until `begin`: what it sends right behind the upgrade waits in its own TCP connection, in order and
 * bounded by it.
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

  readonly #ws: WebSocket;
  readonly #outbound: RawConnectionParts['outbound'];
  /** Packets given to the transport and not yet written; of those, how many came before the last `flush`. */
  #unsent = 0;
  #flushed = 0;

  constructor({ ws, admission, outbound, now, ...parts }: RawConnectionParts) {
    super();
    ws.pause();
    this.#ws = ws;
    this.#outbound = outbound;
    this.admission = admission;
    this.remoteAddress = parts.remoteAddress;
    this.request = {
      headers: {},
      url: parts.url,
      connection: { encrypted: parts.secure },
      _query: {},
    };
    this.transport = {
      name: 'websocket',
      get writable() {
        return ws.bufferedAmount === 0;
      },
    };
    this.heardAt = now();

    ws.on('message', (data: Buffer, isBinary: boolean) => {
      this.#heard(now());
      if (this.readyState === 'open') this.emit('data', inboundPacket(data, isBinary, admission.room));
    });
    ws.on('pong', () => this.#heard(now()));
    ws.on('ping', () => this.#heard(now()));
    // What broke the protocol is closed by the transport, with its code; what is gone is gone.
    ws.on('error', () => {});
    ws.once('close', () => this.#over('transport close'));
  }

  #heard(now: number): void {
    this.heardAt = now;
    this.pingedAt = undefined;
  }

  /** The socket is in its room: lets the client speak. */
  begin(): void {
    this.#ws.resume();
  }

  ping(now: number): void {
    this.pingedAt = now;
    this.#ws.ping();
  }

  /** A packet of Socket.IO, encoded; goes out as what it is in this vocabulary. */
  write(packet: unknown): void {
    if (this.readyState !== 'open') return;
    const frame = this.#outbound(packet);
    if (frame.kind === 'connect_error') this.end('fault');
    // Whoever ends a socket for another reason says so by `end`.
    else if (frame.kind === 'disconnect') this.end('room_deleted');
    else if (frame.kind === 'text') this.#send(frame.data);
  }

  #send(data: Buffer): void {
    this.#unsent += 1;
    this.emit('packetCreate');
    if (this.readyState !== 'open') return;
    this.#ws.send(data, { binary: false }, () => {
      this.#unsent -= 1;
      this.#flushed -= 1;
      this.#flush();
    });
    this.#flush();
    if (this.#ws.bufferedAmount > UNSENT_BYTES) this.close(true);
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
      this.#ws.terminate();
      this.#over('forced close');
    } else this.end('drain');
  }

  end(farewell: Farewell): void {
    if (this.readyState !== 'open') return;
    const { code, reason } = CLOSE_CODES[farewell];
    // A paused transport would never see the goodbye returned.
    this.#ws.resume();
    this.#ws.close(code, reason);
    this.#over('forced close');
  }

  #over(reason: string): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.emit('close', reason);
  }
}

/** The raw connection under a Socket.IO socket; undefined for those of Engine.IO. */
export function rawConnectionOf(socket: Socket): RawConnection | undefined {
  const conn: unknown = socket.conn;
  return conn instanceof RawConnection ? conn : undefined;
}
