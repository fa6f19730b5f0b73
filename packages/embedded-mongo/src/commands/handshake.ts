import { type Doc, doc } from '../bson/value.ts';
import { MAX_MESSAGE_BYTES } from '../wire/message.ts';
import type { CommandTable, Invocation } from './command.ts';

/** 16 MiB, as MongoDB. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** The dialect spoken is that of 7.0, wire version 21. */
const VERSION = [7, 0, 0, 0];

function hello({ engine, connectionId, name }: Invocation): Doc {
  return doc({
    [name === 'hello' ? 'isWritablePrimary' : 'ismaster']: true,
    helloOk: true,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: 100_000,
    localTime: new Date(engine.now()),
    logicalSessionTimeoutMinutes: 30,
    connectionId,
    minWireVersion: 0,
    maxWireVersion: 21,
    readOnly: false,
    ok: 1,
  });
}

function buildInfo(): Doc {
  return doc({
    version: VERSION.slice(0, 3).join('.'),
    versionArray: VERSION,
    gitVersion: 'embedded-mongo',
    modules: ['embedded-mongo'],
    bits: 64,
    debug: false,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    storageEngines: ['embedded-mongo'],
    ok: 1,
  });
}

const ok = (): Doc => doc({ ok: 1 });

export const handshakeCommands: CommandTable = {
  // What clients tell about themselves in a handshake has no effect here, and new keys come with every driver.
  hello: { fields: ['*'], run: hello },
  isMaster: { fields: ['*'], run: hello },
  ismaster: { fields: ['*'], run: hello },
  ping: { fields: [], run: ok },
  buildInfo: { fields: [], run: buildInfo },
  buildinfo: { fields: [], run: buildInfo },
  connectionStatus: {
    fields: ['showPrivileges'],
    run: () => doc({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] }, ok: 1 }),
  },
  endSessions: { fields: [], run: ok },
  refreshSessions: { fields: [], run: ok },
  killSessions: { fields: [], run: ok },
};
