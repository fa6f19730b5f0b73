import type { Server, Socket } from 'socket.io';
import type { Admission, AdmissionParts } from './admission.ts';
import { createAdmission } from './admission.ts';
import { type Connection, openConnection } from './connection.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { SessionRegistry } from './session-registry.ts';

export interface Edge extends AsyncDisposable {
  /**
   * Tells clients to move and closes their transports, spread over as much of the time as their number needs, each when its commands in hand are
   * answered; whoever still waits for an answer after four fifths of the time is closed without. Resolves when nothing is in hand any more.
   */
  drain(withinMs: number): Promise<void>;
}

/** How many clients a second are sent to the other nodes, who have to take them in. */
const MOVES_PER_SECOND = 500;
/** Even a few do not all come at once. */
const LEAST_SPREAD_MS = 250;

/** Opens the Socket.IO server to clients. */
export function openEdge(
  io: Server,
  registry: SessionRegistry,
  admission: AdmissionParts,
  parts: EdgeParts,
): Edge {
  const { clock, attendance, dispatcher, admit } = parts;
  const connections = new Map<Socket, Connection>();
  io.use(createAdmission(admission, admit));
  io.on('connection', (socket) => {
    connections.set(socket, openConnection(socket, socket.data.admission as Admission, parts));
    socket.once('disconnect', () => connections.delete(socket));
  });

  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));

  const atMost = (ms: number, work: Promise<unknown>): Promise<unknown> => Promise.race([work, pause(ms)]);

  /** Every transport of this node, whether or not anybody is behind it yet. */
  const closeAll = (spreadMs: number, answerMs: number): Promise<void>[] =>
    [...io.of('/').sockets.values()].map(async (socket) => {
      const closed = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
      const afterMs = Math.random() * spreadMs;
      await pause(afterMs);
      // What is answered last goes out before the goodbye.
      await atMost(answerMs - afterMs, connections.get(socket)?.answered() ?? Promise.resolve());
      socket.conn.close();
      return closed;
    });

  return {
    async drain(withinMs) {
      for (const session of registry.all()) session.deliver({ type: 'server.drain', withinMs });
      // A fifth of the time is left for goodbyes and for what is in hand.
      const answerMs = withinMs * 0.8;
      const needed = (io.of('/').sockets.size / MOVES_PER_SECOND) * 1_000;
      const spreadMs = Math.min(answerMs, Math.max(LEAST_SPREAD_MS, needed));
      await atMost(
        withinMs,
        Promise.all(closeAll(spreadMs, answerMs)).then(() => dispatcher.idle()),
      );
    },

    async [Symbol.asyncDispose]() {
      await atMost(1_000, Promise.all(closeAll(0, 0)));
      // Who does not answer the goodbye is gone for us all the same.
      for (const socket of io.of('/').sockets.values()) socket.disconnect(true);
      io.engine?.close();
      await dispatcher.idle();
      await attendance.settled();
    },
  };
}
