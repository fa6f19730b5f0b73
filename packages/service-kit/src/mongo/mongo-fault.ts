import { SwitchboardError, unavailable } from '@switchboard/protocol';

/** Errors of the driver that mean "not reached" or "outcome unknown". By name: several copies of the driver may be loaded. */
const AWAY = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongooseServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoClientClosedError',
  'MongoClientBulkWriteExecutionError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoConnectionPoolClearedError',
  'PoolClearedOnNetworkError',
  'MongoWaitQueueTimeoutError',
  'WaitQueueTimeoutError',
  'MongoExpiredSessionError',
  'MongoOperationTimeoutError',
  'MongoWriteConcernError',
]);

/** Server codes of the same meaning: host unreachable, timeouts, step-downs, shutdowns, unmet write concern. */
const AWAY_CODES = new Set([6, 7, 50, 64, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** Any error of the data layer as one of ours: retryable SERVICE_UNAVAILABLE when the database is away or the outcome unknown, else INTERNAL. */
export function mongoFault(error: unknown): SwitchboardError {
  if (error instanceof SwitchboardError) return error;
  if (isAway(error)) return unavailable('the database', error);
  return new SwitchboardError({ code: 'INTERNAL', message: 'Internal error' }, { cause: error });
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (AWAY.has(error.name) || isUnfinishedBulk(error)) return true;
  if ('code' in error && typeof error.code === 'number' && AWAY_CODES.has(error.code)) return true;
  const unbuffered =
    error.name === 'MongooseError' && /buffering timed out|initial connection/.test(error.message);
  return unbuffered || (error.cause !== undefined && isAway(error.cause));
}

/** The driver wraps what kept it from finishing a bulk write, and drops its name: what is left is that no server complained. */
function isUnfinishedBulk(error: Error): boolean {
  if (error.name !== 'MongoBulkWriteError') return false;
  const { code, writeErrors } = error as { code?: unknown; writeErrors?: unknown };
  return code === undefined && Array.isArray(writeErrors) && writeErrors.length === 0;
}
