import { type Doc, isDoc } from '../bson/value.ts';
import type { Engine } from '../engine/engine.ts';
import { Pace } from '../engine/pace.ts';
import { CommandError } from '../errors.ts';
import { DuplicateKeyError } from '../store/duplicate-key.ts';
import { errorReply } from '../wire/connection.ts';
import type { Request } from '../wire/message.ts';
import { aggregate } from './aggregate.ts';
import { integer } from './arguments.ts';
import { collectionCommands } from './collections.ts';
import type { Command, CommandTable } from './command.ts';
import { countCommand } from './count.ts';
import { deleteCommand } from './delete.ts';
import { distinct } from './distinct.ts';
import { explain } from './explain.ts';
import { cursorCommands } from './find.ts';
import { findAndModify } from './find-and-modify.ts';
import { handshakeCommands } from './handshake.ts';
import { indexCommands } from './indexes.ts';
import { insert } from './insert.ts';
import { update } from './update.ts';
import { validate } from './validate.ts';

const COMMANDS: CommandTable = {
  ...handshakeCommands,
  ...collectionCommands,
  ...indexCommands,
  ...cursorCommands,
  insert,
  update,
  delete: deleteCommand,
  findAndModify,
  findandmodify: findAndModify,
  aggregate,
  count: countCommand,
  distinct,
  explain,
  validate,
};

const TRANSACTION_COMMANDS = new Set(['commitTransaction', 'abortTransaction']);

/** Fields that any command may carry. Reads are always of what is committed, and writes always as durable as can be asked for. */
const GENERIC_FIELDS = new Set([
  '$db',
  '$readPreference',
  '$clusterTime',
  '$audit',
  'lsid',
  'comment',
  'maxTimeMS',
  'writeConcern',
  'readConcern',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
]);

/** Runs one command. Never rejects: what goes wrong becomes the reply. */
export async function dispatch(engine: Engine, request: Request, connectionId: number): Promise<Doc> {
  engine.counters.add('commands');
  try {
    return await run(engine, request, connectionId);
  } catch (error) {
    if (error instanceof CommandError) return reply(error);
    engine.log.error({ err: error, command: request.body.keys().next().value }, 'a command failed');
    return errorReply(new CommandError(1, 'internal error'));
  }
}

async function run(engine: Engine, request: Request, connectionId: number): Promise<Doc> {
  const body = unwrapQuery(request.body);
  const name = body.keys().next().value;
  if (name === undefined) throw new CommandError(59, "no such command: ''");
  refuseTransactions(name, body);
  const command: Command | undefined = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new CommandError(59, `no such command: '${name}'`);
  const { db } = request;
  if (db === undefined) throw new CommandError(40571, 'OP_MSG requests require a $db argument');
  checkFields(name, command, body, request);
  return await command.run({
    engine,
    name,
    db,
    body,
    sequences: request.sequences,
    pace: new Pace(engine.turns, integer(body, 'maxTimeMS') ?? 0),
    connectionId,
  });
}

/** The legacy form `{$query: {...}, $readPreference: ...}`. */
function unwrapQuery(body: Doc): Doc {
  const query = body.get('$query');
  return isDoc(query) ? query : body;
}

function refuseTransactions(name: string, body: Doc): void {
  const transactional =
    body.has('txnNumber') || body.has('startTransaction') || body.get('autocommit') === false;
  if (transactional || TRANSACTION_COMMANDS.has(name)) {
    throw new CommandError(20, 'Transaction numbers are only allowed on a replica set member or mongos');
  }
}

function checkFields(name: string, command: Command, body: Doc, request: Request): void {
  for (const field of [...body.keys()].slice(1).concat([...request.sequences.keys()])) {
    if (!command.fields.includes(field) && !command.fields.includes('*') && !GENERIC_FIELDS.has(field)) {
      throw new CommandError(40415, `BSON field '${name}.${field}' is an unknown field.`);
    }
  }
}

function reply(error: CommandError): Doc {
  const result = errorReply(error);
  if (error instanceof DuplicateKeyError) {
    result.set('keyPattern', error.keyPattern);
    result.set('keyValue', error.keyValue);
  }
  return result;
}
