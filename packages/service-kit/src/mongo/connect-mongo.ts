import { type Connection, createConnection, type Model } from 'mongoose';
import type { Logger } from '../logger.ts';
import type { HealthCheck } from '../service.ts';
import { failWaitingWrites } from './fail-waiting-writes.ts';
import { mongoFault } from './mongo-fault.ts';

const SERVER_SELECTION_MS = 3_000;
const SOCKET_MS = 20_000;
const WRITE_CONCERN_MS = 5_000;

export interface MongoHandle extends AsyncDisposable {
  readonly connection: Connection;
  readonly check: HealthCheck;
  /** Builds the indexes of these models, or of all on the connection. Nothing builds them otherwise. */
  ensureIndexes(models?: readonly Pick<Model<unknown>, 'createIndexes'>[]): Promise<void>;
}

export interface MongoOptions {
  readonly logger: Logger;
  /** Shows in the server's log and currentOp. */
  readonly appName: string;
}

/**
 * A connection of its own, whose writes are acknowledged by a majority and journalled. The driver repeats a write by itself where the
 * server keeps retryable writes, and not where it stands alone.
 * @throws SwitchboardError SERVICE_UNAVAILABLE when no server answers within three seconds.
 */
export async function connectMongo(url: string, { logger, appName }: MongoOptions): Promise<MongoHandle> {
  failWaitingWrites();
  const connection = createConnection(url, {
    appName,
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
    maxPoolSize: 50,
    retryWrites: true,
    serverSelectionTimeoutMS: SERVER_SELECTION_MS,
    socketTimeoutMS: SOCKET_MS,
    waitQueueTimeoutMS: SERVER_SELECTION_MS,
    writeConcern: { w: 'majority', journal: true, wtimeoutMS: WRITE_CONCERN_MS },
  });
  let closing = false;
  /** What keeps the first connection from coming about is thrown, and not also logged. */
  let connected = false;
  connection.on('disconnected', () => {
    if (connected && !closing) logger.warn('the database is away');
  });
  connection.on('reconnected', () => logger.info('the database is back'));
  connection.on('error', (err) => {
    if (connected) logger.warn({ err }, 'the database connection failed');
  });
  try {
    await connection.asPromise();
    connected = true;
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw mongoFault(error);
  }

  return {
    connection,
    check: {
      name: 'mongo',
      async check() {
        if (!connection.db) throw mongoFault(new Error('not connected'));
        await connection.db.command({ ping: 1 }, { timeoutMS: 1_000 });
      },
    },
    async ensureIndexes(models = Object.values(connection.models)) {
      for (const model of models) await model.createIndexes();
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      await connection.close();
    },
  };
}
