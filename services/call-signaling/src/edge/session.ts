import type { Delivery, DeviceId, DialectName, Identity } from '@switchboard/protocol';
import type { Farewell } from '../raw/close-codes.ts';

/** One authenticated socket on this node. */
export interface Session {
  readonly deviceId: DeviceId;
  readonly identity: Identity;
  /** The transport's own id, which some vocabularies show. */
  readonly socketId: string;
  /** Null until the socket names a vocabulary or speaks one. */
  readonly dialect: DialectName | null;
  /** Straight to this socket, in its words (undeclared: in every Socket.IO vocabulary's). */
  deliver(delivery: Delivery): void;
  /** Closes the transport; clients of Socket.IO reconnect after a drain only, those of raw WebSockets read the code. */
  close(reason: Farewell): void;
}
