import { equalValues } from '../bson/compare.ts';
import { type Doc, doc, isArray, isDoc, type Value } from '../bson/value.ts';
import { Candidates } from '../engine/candidates.ts';
import { CommandError } from '../errors.ts';
import type { Collection } from '../store/collection.ts';
import type { IndexDefinition } from '../store/index-definition.ts';
import { array, collectionName, missing } from './arguments.ts';
import { batchSize } from './collections.ts';
import type { CommandTable, Invocation } from './command.ts';
import { listReply } from './cursor-reply.ts';
import { alreadyThere, indexSpec } from './index-spec.ts';

const EVERYTHING = { scans: undefined, reverse: false, sorted: true, repeats: false };

async function createIndexes(invocation: Invocation): Promise<Doc> {
  const { engine, db, body } = invocation;
  const name = collectionName(invocation);
  const specs = array(body, 'indexes')?.map(indexSpec);
  if (specs === undefined || specs.length === 0) throw missing('createIndexes.indexes');
  return await engine.write(`${db}.${name}`, async (begin) => {
    const created = engine.collection(db, name) === undefined;
    const collection = await engine.ensureCollection(db, name);
    const before = collection.indexes.length;
    for (const spec of specs) {
      if (!alreadyThere(spec, collection.indexes)) await build(invocation, collection, spec, begin);
    }
    const after = collection.indexes.length;
    return doc({
      numIndexesBefore: before,
      numIndexesAfter: after,
      createdCollectionAutomatically: created,
      note: before === after ? 'all indexes already exist' : undefined,
      ok: 1,
    });
  });
}

/** Long builds give way to other collections; this one stays locked, and an index left half built by a crash is dropped at the start. */
async function build(
  { engine, pace }: Invocation,
  collection: Collection,
  spec: Doc,
  begin: () => void,
): Promise<void> {
  const { catalog, writer } = engine.store;
  const index = await engine.define(() => catalog.createIndex(collection, spec));
  try {
    const documents = new Candidates(writer, collection, EVERYTHING);
    for (let chunk = documents.next(); chunk !== undefined; chunk = documents.next()) {
      begin();
      collection.addToIndex(index, chunk);
      if (pace.due) await pace.yield();
    }
    await engine.define(() => catalog.finishIndex(collection, index));
  } catch (error) {
    if (error instanceof CommandError) await engine.define(() => catalog.dropIndex(collection, index));
    throw error;
  }
}

async function dropIndexes(invocation: Invocation): Promise<Doc> {
  const { engine, db, body } = invocation;
  const name = collectionName(invocation);
  const wanted = body.get('index');
  if (wanted === undefined) throw missing('dropIndexes.index');
  return await engine.write(`${db}.${name}`, async () => {
    const collection = engine.collection(db, name);
    if (collection === undefined) throw new CommandError(26, `ns not found ${db}.${name}`);
    const before = collection.indexes.length;
    const dropped = toDrop(collection, wanted);
    await engine.define(() => {
      for (const index of dropped) engine.store.catalog.dropIndex(collection, index);
    });
    return doc({ nIndexesWas: before, ok: 1 });
  });
}

function toDrop(collection: Collection, wanted: Value): IndexDefinition[] {
  if (wanted === '*') return collection.indexes.filter(({ name }) => name !== '_id_');
  if (isArray(wanted)) return wanted.flatMap((one) => toDrop(collection, one));
  const found = collection.indexes.find(({ name, key }) =>
    isDoc(wanted) ? equalValues(key, wanted) : name === wanted,
  );
  if (found === undefined)
    throw new CommandError(
      27,
      isDoc(wanted)
        ? "can't find index with key"
        : `index not found with name [${typeof wanted === 'string' ? wanted : ''}]`,
    );
  if (found.name === '_id_') throw new CommandError(72, 'cannot drop _id index');
  return [found];
}

async function listIndexes(invocation: Invocation): Promise<Doc> {
  const { engine, db, body } = invocation;
  const name = collectionName(invocation);
  const collection = engine.collection(db, name);
  if (collection === undefined) throw new CommandError(26, `ns does not exist: ${db}.${name}`);
  const shown = collection.indexes.map(({ spec }) =>
    spec.get('name') === '_id_' ? new Map([...spec].filter(([option]) => option !== 'unique')) : spec,
  );
  return await listReply(invocation, `${db}.${name}`, shown, batchSize(body));
}

export const indexCommands: CommandTable = {
  createIndexes: { fields: ['indexes', 'commitQuorum'], run: createIndexes },
  dropIndexes: { fields: ['index'], run: dropIndexes },
  deleteIndexes: { fields: ['index'], run: dropIndexes },
  listIndexes: { fields: ['cursor'], run: listIndexes },
};
