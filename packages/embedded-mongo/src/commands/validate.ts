import { decode } from '../bson/decode.ts';
import { type Doc, doc } from '../bson/value.ts';
import { Candidates } from '../engine/candidates.ts';
import { CommandError } from '../errors.ts';
import { rowKey } from '../store/collection.ts';
import { indexTable } from '../store/index-definition.ts';
import { documentKeys } from '../store/index-keys.ts';
import { collectionName } from './arguments.ts';
import type { Command, Invocation } from './command.ts';

/** Compares every document with every index entry, both ways. */
async function run(invocation: Invocation): Promise<Doc> {
  const { engine, db, pace } = invocation;
  const name = collectionName(invocation);
  return await engine.write(`${db}.${name}`, async () => {
    const collection = engine.collection(db, name);
    if (collection === undefined)
      throw new CommandError(26, `Collection '${db}.${name}' does not exist to validate.`);
    const { writer } = engine.store;
    const errors: string[] = [];
    const expected = new Map(collection.indexes.map((index) => [index.name, 0]));
    let records = 0;
    const all = new Candidates(writer, collection, {
      scans: undefined,
      reverse: false,
      sorted: true,
      repeats: false,
    });
    for (let chunk = all.next(); chunk !== undefined; chunk = all.next()) {
      for (const { rid, bytes } of chunk) {
        records++;
        const document = decode(bytes);
        for (const index of collection.indexes) {
          const { keys } = documentKeys(index, document);
          expected.set(index.name, (expected.get(index.name) ?? 0) + keys.length);
          for (const key of keys) {
            const holder = writer.rows(`SELECT rid FROM ${indexTable(index)} WHERE k = ?`, [
              rowKey(index, key, rid),
            ])[0]?.[0];
            if (holder !== rid) errors.push(`record ${rid} is missing from index ${index.name}`);
          }
        }
      }
      if (pace.due) await pace.yield();
    }
    const keysPerIndex: Record<string, number> = {};
    for (const index of collection.indexes) {
      const keys = writer.rows(`SELECT count(*) FROM ${indexTable(index)}`)[0]?.[0] as number;
      keysPerIndex[index.name] = keys;
      if (keys !== expected.get(index.name))
        errors.push(`index ${index.name} has ${keys} keys instead of ${expected.get(index.name)}`);
    }
    return doc({
      ns: `${db}.${name}`,
      nInvalidDocuments: 0,
      nrecords: records,
      nIndexes: collection.indexes.length,
      keysPerIndex,
      valid: errors.length === 0,
      warnings: [],
      errors: errors.slice(0, 100),
      ok: 1,
    });
  });
}

export const validate: Command = { fields: ['full', 'background'], run };
