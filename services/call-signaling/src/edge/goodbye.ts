import type { Server } from 'socket.io';

/** A client that is still there polls again at once. */
const LAST_POLL_MS = 3_000;

/**
 * How long a polling transport that we close waits for the poll by which to say so. The engine's own half a minute would keep a process from ending that closed
 * on a client which never asked again. Call it when the server is attached.
 */
export function hurryGoodbyes({ engine }: Pick<Server, 'engine'>): void {
  engine.on('connection', ({ transport }: { readonly transport: { readonly name: string } }) => {
    if (transport.name === 'polling') Object.assign(transport, { closeTimeout: LAST_POLL_MS });
  });
}
