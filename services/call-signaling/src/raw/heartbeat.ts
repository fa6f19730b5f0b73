import type { Clock } from '@switchboard/ports';
import { every, type Logger } from '@switchboard/service-kit';
import type { RawConnection } from './raw-connection.ts';

export interface HeartbeatTimes {
  /** A client that said nothing for so long is asked for a sign of life. */
  readonly pingIntervalMs: number;
  /** How long it may take to give one. */
  readonly pingTimeoutMs: number;
}

/** Looks per ping interval: connections are pinged as they came, spread, by one timer. */
const LOOKS = 20;

/** Cuts the connections whose clients went without a goodbye. */
export function keepAlive(
  connections: Iterable<RawConnection>,
  { pingIntervalMs, pingTimeoutMs }: HeartbeatTimes,
  clock: Clock,
  logger: Logger,
): AsyncDisposable {
  const look = async (): Promise<void> => {
    const now = clock.now();
    for (const connection of connections) {
      const { heardAt, pingedAt } = connection;
      if (pingedAt !== undefined) {
        if (now - pingedAt >= pingTimeoutMs) connection.close(true);
      } else if (now - heardAt >= pingIntervalMs) connection.ping();
    }
  };
  return every(pingIntervalMs / LOOKS, clock, look, (err) => logger.error({ err }, 'heartbeat failed'));
}
