import type { Socket } from 'node:net';
import type { Line } from '../edge/admission.ts';
import type { RawConnection } from './raw-connection.ts';

/** A connection on its way from HTTP to a raw WebSocket, as the place among its user's sockets knows it. */
export interface UpgradeLine extends Line {
  /** The session ended while the upgrade was being looked at. */
  readonly revoked: boolean;
  become(connection: RawConnection): void;
}

export function createUpgradeLine(socket: Socket): UpgradeLine {
  let connection: RawConnection | undefined;
  let revoked = false;
  return {
    get open() {
      return !socket.destroyed;
    },
    get revoked() {
      return revoked;
    },
    close() {
      revoked = true;
      connection?.end('refused');
    },
    onClose: (listener) => void socket.once('close', listener),
    become(upgraded) {
      connection = upgraded;
    },
  };
}
