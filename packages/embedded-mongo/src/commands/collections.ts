import { type Doc, doc, Opaque, Type } from '../bson/value.ts';
import { badValue, CommandError } from '../errors.ts';
import { compileFilter } from '../query/filter.ts';
import type { Collection } from '../store/collection.ts';
import { collectionName, count, document, flag } from './arguments.ts';
import type { CommandTable, Invocation } from './command.ts';
import { listReply } from './cursor-reply.ts';

async function create(invocation: Invocation): Promise<Doc> {
  const { engine, db, body } = invocation;
  const name = collectionName(invocation);
  if (flag(body, 'capped')) throw badValue('capped collections are not supported');
  await engine.write(`${db}.${name}`, async () => {
    if (engine.collection(db, name) !== undefined)
      throw new CommandError(48, `Collection ${db}.${name} already exists.`);
    await engine.ensureCollection(db, name);
  });
  return doc({ ok: 1 });
}

async function drop(invocation: Invocation): Promise<Doc> {
  const { db } = invocation;
  const name = collectionName(invocation);
  const indexes = await dropOne(invocation, name);
  return indexes === undefined ? doc({ ok: 1 }) : doc({ nIndexesWas: indexes, ns: `${db}.${name}`, ok: 1 });
}

/** @returns how many indexes it had, undefined when there was none */
async function dropOne({ engine, db }: Invocation, name: string): Promise<number | undefined> {
  return await engine.write(`${db}.${name}`, async () => {
    const collection = engine.collection(db, name);
    if (collection === undefined) return undefined;
    const indexes = collection.indexes.length;
    await engine.define(() => engine.store.catalog.drop(collection));
    engine.cursors.kill(collection.namespace, `collection dropped: ${collection.namespace}`);
    return indexes;
  });
}

async function dropDatabase(invocation: Invocation): Promise<Doc> {
  const { engine, db } = invocation;
  for (const { info } of engine.store.catalog.list(db)) await dropOne(invocation, info.name);
  return doc({ dropped: db, ok: 1 });
}

function describe(collection: Collection, nameOnly: boolean): Doc {
  const { name, uuid } = collection.info;
  if (nameOnly) return doc({ name, type: 'collection' });
  const length = Buffer.alloc(5);
  length.writeInt32LE(uuid.length);
  length[4] = 4;
  return doc({
    name,
    type: 'collection',
    options: {},
    info: { readOnly: false, uuid: new Opaque(Type.binary, Buffer.concat([length, uuid])) },
    idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
  });
}

async function listCollections(invocation: Invocation): Promise<Doc> {
  const { engine, db, body } = invocation;
  const { matches } = compileFilter(document(body, 'filter') ?? new Map());
  const all = engine.store.catalog.list(db).map((collection) => describe(collection, flag(body, 'nameOnly')));
  return await listReply(invocation, `${db}.$cmd.listCollections`, all.filter(matches), batchSize(body));
}

export function batchSize(body: Doc): number {
  const options = document(body, 'cursor');
  return (options === undefined ? undefined : count(options, 'batchSize')) ?? Number.POSITIVE_INFINITY;
}

function listDatabases({ engine, body }: Invocation): Doc {
  const { matches } = compileFilter(document(body, 'filter') ?? new Map());
  const names = [...new Set(engine.store.catalog.list().map(({ info }) => info.db))].sort();
  // Tables of all databases share one file, so none has a size of its own.
  const databases = names.map((name) => doc({ name, sizeOnDisk: 0, empty: false })).filter(matches);
  if (flag(body, 'nameOnly'))
    return doc({ databases: databases.map((entry) => doc({ name: entry.get('name') })), ok: 1 });
  return doc({ databases, totalSize: 0, ok: 1 });
}

export const collectionCommands: CommandTable = {
  // Validators, views, collations, capped and time-series collections are unknown fields here, and so errors.
  create: { fields: ['capped', 'autoIndexId'], run: create },
  drop: { fields: [], run: drop },
  dropDatabase: { fields: [], run: dropDatabase },
  listCollections: {
    fields: ['filter', 'nameOnly', 'cursor', 'authorizedCollections'],
    run: listCollections,
  },
  listDatabases: { fields: ['filter', 'nameOnly', 'authorizedDatabases'], run: listDatabases },
};
