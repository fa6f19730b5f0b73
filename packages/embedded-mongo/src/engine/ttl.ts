import { decode } from '../bson/decode.ts';
import { KeyClass } from '../bson/key.ts';
import { classInterval, intersect, keyRange, orderingInterval } from '../query/interval.ts';
import type { Collection } from '../store/collection.ts';
import type { IndexDefinition } from '../store/index-definition.ts';
import { Candidates } from './candidates.ts';
import type { Engine } from './engine.ts';
import { Pace } from './pace.ts';

/** Deletes documents whose date in a TTL index is long enough ago; of several dates in an array the earliest counts. */
export async function deleteExpired(engine: Engine): Promise<number> {
  let deleted = 0;
  for (const { info, indexes } of engine.store.catalog.list()) {
    for (const { name, expireAfterSeconds } of [...indexes]) {
      if (expireAfterSeconds !== undefined) deleted += await expireIndex(engine, info.db, info.name, name);
    }
  }
  return deleted;
}

async function expireIndex(engine: Engine, db: string, name: string, indexName: string): Promise<number> {
  const pace = new Pace(engine.turns);
  return await engine.write(`${db}.${name}`, async (begin) => {
    const collection = engine.collection(db, name);
    const index = collection?.indexes.find((candidate) => candidate.name === indexName);
    if (collection === undefined || index?.expireAfterSeconds === undefined) return 0;
    const expired = candidates(engine, collection, index, index.expireAfterSeconds);
    let deleted = 0;
    for (let chunk = expired.next(); chunk !== undefined; chunk = expired.next()) {
      for (const { rid, bytes } of chunk) {
        begin();
        collection.remove(rid, decode(bytes));
        engine.counters.add('docsWritten');
        deleted++;
      }
      if (pace.due) await pace.yield();
    }
    return deleted;
  });
}

function candidates(
  engine: Engine,
  collection: Collection,
  index: IndexDefinition,
  seconds: number,
): Candidates {
  const limit = new Date(engine.now() - seconds * 1000);
  const intervals = intersect([classInterval(KeyClass.date)], [orderingInterval('$lte', limit)]);
  const descending = index.fields[0]?.descending === true;
  const ranges = intervals.map((interval) => keyRange(Buffer.alloc(0), interval, descending));
  return new Candidates(engine.store.writer, collection, {
    scans: [{ index, ranges }],
    reverse: false,
    sorted: true,
    repeats: index.multikey.includes(true),
  });
}
