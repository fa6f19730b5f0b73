import type { Session } from '../edge/session.ts';

/**
 * What the edge tells the call side about sockets. Never throws and never delays the edge: faults are logged and healed by leases.
 */
export interface CallLifecycle extends AsyncDisposable {
  /** After authentication, and again when the socket declares its dialect: rings it for a pending call, or gives it an away party's seat. */
  deviceArrived(session: Session): Promise<void>;
  deviceLost(session: Session): Promise<void>;
  /** Says now, and not only when it is time, that the seats held by this node's sockets are taken. */
  renew(): void;
}
