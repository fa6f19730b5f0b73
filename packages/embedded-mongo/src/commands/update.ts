import { type Doc, doc } from '../bson/value.ts';
import { changeDocument, insertFromUpdate } from '../engine/change.ts';
import { FindRun } from '../engine/find-run.ts';
import { CommandError, failedToParse } from '../errors.ts';
import { compileUpdate } from '../update/compile.ts';
import { collectionName, document, documents, flag, missing, refuseCollation } from './arguments.ts';
import type { Command, Invocation } from './command.ts';
import { asWriteError } from './write-result.ts';

const STATEMENT_FIELDS = new Set(['q', 'u', 'upsert', 'multi', 'arrayFilters', 'hint', 'collation']);

interface Totals {
  n: number;
  modified: number;
  readonly upserted: Doc[];
}

async function run(invocation: Invocation): Promise<Doc> {
  const { engine, db, body } = invocation;
  const name = collectionName(invocation);
  const statements = documents(invocation, 'updates');
  const ordered = body.get('ordered') !== false;
  const totals: Totals = { n: 0, modified: 0, upserted: [] };
  const errors: Doc[] = [];
  await engine.write(`${db}.${name}`, async (begin) => {
    for (const [index, statement] of statements.entries()) {
      try {
        await runStatement(invocation, name, statement.document, index, totals, begin);
      } catch (error) {
        errors.push(asWriteError(index, error));
        if (ordered) break;
      }
    }
  });
  return doc({
    n: totals.n,
    nModified: totals.modified,
    upserted: totals.upserted.length > 0 ? totals.upserted : undefined,
    writeErrors: errors.length > 0 ? errors : undefined,
    ok: 1,
  });
}

async function runStatement(
  invocation: Invocation,
  name: string,
  statement: Doc,
  index: number,
  totals: Totals,
  begin: () => void,
): Promise<void> {
  const { engine, db, pace } = invocation;
  for (const field of statement.keys()) {
    if (!STATEMENT_FIELDS.has(field))
      throw new CommandError(40415, `BSON field 'update.updates.${field}' is an unknown field.`);
  }
  refuseCollation(statement);
  const filter = document(statement, 'q');
  if (filter === undefined) throw missing('update.updates.q');
  const update = compileUpdate(statement.get('u'), statement.get('arrayFilters'));
  const multi = flag(statement, 'multi');
  if (multi && update.kind === 'replacement')
    throw failedToParse('multi update is not supported for replacement-style update');
  const now = new Date(engine.now());
  let matched = 0;
  let collection = engine.collection(db, name);
  if (collection !== undefined) {
    const query = new FindRun(engine.store.writer, engine.counters, collection, {
      filter,
      limit: multi ? 0 : 1,
      hint: statement.get('hint'),
    });
    // All are found before the first is changed, so that none is met again under the key that the change gives it.
    for (const rid of await query.rids(pace)) {
      if (pace.due) await pace.yield();
      const match = collection.load(rid);
      if (match === undefined) continue;
      const positions = query.positions(match.document);
      const { modified } = changeDocument(collection, match, positions, update, now, begin);
      matched++;
      totals.n++;
      if (modified) {
        totals.modified++;
        engine.counters.add('docsWritten');
      }
    }
  }
  if (matched > 0 || !flag(statement, 'upsert')) return;
  collection ??= await engine.ensureCollection(db, name);
  const { id } = insertFromUpdate(collection, filter, update, now, begin);
  engine.counters.add('docsWritten');
  totals.n++;
  totals.upserted.push(doc({ index, _id: id }));
}

export const update: Command = { fields: ['updates', 'ordered', 'bypassDocumentValidation'], run };
