import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

interface DriverConnection {
  readonly socket: Socket;
  cleanup: (this: DriverConnection, error: Error) => void;
}

/**
 * A command that the driver (7.8, 7.9) writes after the server has closed its side, and before the socket says so, never ends: Node
 * refuses the write, and the driver waits for a `drain` that a closed socket does not tell. No timeout of the driver covers that wait.
 * When it befalls the check of a server that is polled, the client does not learn that the server is back, until it is restarted.
 * So the end of a connection ends that wait, after which the driver looks at the connection and fails the command. Done to the copy of
 * the driver that mongoose uses, once for the process.
 */
export function failWaitingWrites(): void {
  if (done) return;
  done = true;
  const { prototype } = requireOfMongoose('mongodb/lib/cmap/connection.js').Connection;
  const { cleanup } = prototype;
  // Called for each end of a connection, and again when its socket has closed.
  prototype.cleanup = function cleanUpAndWake(this: DriverConnection, error: Error): void {
    cleanup.call(this, error);
    this.socket.emit('drain');
  };
}

let done = false;

const requireOfMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose')) as (
  id: string,
) => { readonly Connection: { readonly prototype: DriverConnection } };
