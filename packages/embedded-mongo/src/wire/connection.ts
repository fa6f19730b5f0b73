import type { Socket } from 'node:net';
import { type Doc, doc } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { Frames } from './frames.ts';
import { encodeReply, OpCode, ProtocolError, parseRequest, type Request } from './message.ts';

/** Messages that wait on one connection before its socket is read no further. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

const CLOSE_GRACE_MS = 2000;

/**
 * One client. Its messages are handled one after another, each after the reply to the one before, so that a client reads its own
 * writes, unacknowledged ones too.
 */
export class Connection {
  private readonly socket: Socket;
  private readonly handle: (request: Request) => Promise<Doc>;
  private readonly onProtocolError: (error: Error) => void;
  private readonly frames = new Frames();
  private working: Promise<void> | undefined;
  private closing = false;
  private responseId = 0;

  constructor(
    socket: Socket,
    handle: (request: Request) => Promise<Doc>,
    onProtocolError: (error: Error) => void,
  ) {
    this.socket = socket;
    this.handle = handle;
    this.onProtocolError = onProtocolError;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', () => socket.destroy());
  }

  /** Finishes the message at hand and closes; a client that does not take its reply is waited for only so long. */
  async close(): Promise<void> {
    this.closing = true;
    const giveUp = setTimeout(() => this.socket.destroy(), CLOSE_GRACE_MS);
    await this.working;
    clearTimeout(giveUp);
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.frames.push(chunk);
    if (this.working !== undefined && this.frames.size > MAX_WAITING_BYTES) this.socket.pause();
    this.work();
  }

  private work(): void {
    if (this.working !== undefined) return;
    this.working = this.drain().finally(() => {
      this.working = undefined;
    });
  }

  private async drain(): Promise<void> {
    try {
      while (!this.closing && !this.socket.destroyed) {
        const message = this.frames.next();
        if (message === undefined) {
          this.socket.resume();
          return;
        }
        await this.answer(message);
      }
    } catch (error) {
      this.onProtocolError(error instanceof Error ? error : new Error(String(error)));
      this.socket.destroy();
    }
  }

  private async answer(message: Buffer): Promise<void> {
    let request: Request;
    try {
      request = parseRequest(message);
    } catch (error) {
      // Broken BSON or an unnegotiated compression: say so, in the form that every client reads, and hang up.
      this.socket.end(this.encode(OpCode.msg, message.readInt32LE(4), errorReply(asProtocolReply(error))));
      this.closing = true;
      this.onProtocolError(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    const reply = await this.handle(request);
    if (request.moreToCome || this.socket.destroyed) return;
    if (!this.socket.write(this.encode(request.opCode, request.requestId, reply))) {
      await writable(this.socket);
    }
  }

  private encode(opCode: (typeof OpCode)[keyof typeof OpCode], requestId: number, reply: Doc): Buffer {
    this.responseId = (this.responseId + 1) | 0;
    return encodeReply(opCode, requestId, this.responseId, reply);
  }
}

/** Until the socket takes more, or is gone. */
function writable(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

function asProtocolReply(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  return new CommandError(17, error instanceof ProtocolError ? error.message : 'malformed message', {
    cause: error,
  });
}

export function errorReply(error: CommandError): Doc {
  return doc({ ok: 0, errmsg: error.message, code: error.code, codeName: error.codeName });
}
