import type { Dialect, MediaWays } from '@switchboard/dialects';
import type { Clock } from '@switchboard/ports';
import type { CommandType, ErrorCode } from '@switchboard/protocol';
import type { Logger } from '@switchboard/service-kit';
import type { SignalingConfig } from '../config.ts';
import type { Attendance } from '../presence/attendance.ts';
import type { Admit } from './admission.ts';
import type { Dispatcher } from './dispatcher.ts';

/** What connections count. */
export interface EdgeMetrics {
  /** An event came in, as the command it meant or `refused`. */
  event(dialect: Dialect | null, type: CommandType | 'refused'): void;
  /** A command was carried out; `ms` from its arrival to its answer. */
  handled(type: CommandType, outcome: 'ok' | ErrorCode, ms: number): void;
}

/** What a connection works with. */
export interface EdgeParts {
  readonly config: SignalingConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: EdgeMetrics;
  readonly dispatcher: Dispatcher;
  readonly attendance: Attendance;
  readonly ways: MediaWays;
  readonly admit: Admit;
}
