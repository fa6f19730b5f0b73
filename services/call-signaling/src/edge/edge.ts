import type { Server } from 'socket.io';
import type { Admission, AdmissionParts } from './admission.ts';
import { createAdmission } from './admission.ts';
import { openConnection } from './connection.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { SessionRegistry } from './session-registry.ts';

export interface Edge extends AsyncDisposable {
  /** Tells clients to move, closes their transports spread over the time, and waits for the commands in hand. */
  drain(withinMs: number): Promise<void>;
}

/** Opens the Socket.IO server to clients. */
export function openEdge(
  io: Server,
  registry: SessionRegistry,
  admission: AdmissionParts,
  parts: EdgeParts,
): Edge {
  const { clock, attendance, dispatcher, admit } = parts;
  io.use(createAdmission(admission, admit));
  io.on('connection', (socket) => openConnection(socket, socket.data.admission as Admission, parts));

  /** Every transport of this node, whether or not anybody is behind it yet. */
  const closeAll = (spreadMs: number): Promise<void>[] =>
    [...io.of('/').sockets.values()].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once('disconnect', () => resolve());
          clock.after(Math.random() * spreadMs, () => socket.conn.close());
        }),
    );

  const atMost = (ms: number, work: Promise<unknown>): Promise<unknown> =>
    Promise.race([work, new Promise<void>((resolve) => void clock.after(ms, resolve))]);

  return {
    async drain(withinMs) {
      for (const session of registry.all()) session.deliver({ type: 'server.drain', withinMs });
      // A fifth of the time is left for goodbyes and for what is in hand.
      const closed = closeAll(withinMs * 0.8);
      await atMost(
        withinMs,
        Promise.all(closed).then(() => dispatcher.idle()),
      );
    },

    async [Symbol.asyncDispose]() {
      const closed = closeAll(0);
      await atMost(1_000, Promise.all(closed));
      // Who does not answer the goodbye is gone for us all the same.
      for (const socket of io.of('/').sockets.values()) socket.disconnect(true);
      io.engine?.close();
      await dispatcher.idle();
      await attendance.settled();
    },
  };
}
