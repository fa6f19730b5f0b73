import type { Socket } from 'socket.io';

/**
 * Closes a transport whose client does not read: past `max` packets that wait to be written. Whoever comes back reads what it missed from the
 * history; a dead client would go with its next ping anyway, but not before it had filled the memory of the node.
 */
export function boundUnsent(conn: Pick<Socket['conn'], 'on' | 'close'>, max: number): void {
  let unsent = 0;
  conn.on('flush', () => {
    unsent = 0;
  });
  conn.on('packetCreate', () => {
    unsent += 1;
    if (unsent === max + 1) conn.close(true);
  });
}
