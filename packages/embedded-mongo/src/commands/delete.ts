import { type Doc, doc } from '../bson/value.ts';
import { FindRun } from '../engine/find-run.ts';
import { CommandError, failedToParse } from '../errors.ts';
import { collectionName, document, documents, integer, missing, refuseCollation } from './arguments.ts';
import type { Command, Invocation } from './command.ts';
import { asWriteError } from './write-result.ts';

const STATEMENT_FIELDS = new Set(['q', 'limit', 'hint', 'collation']);

async function run(invocation: Invocation): Promise<Doc> {
  const { engine, db, body } = invocation;
  const name = collectionName(invocation);
  const statements = documents(invocation, 'deletes');
  const ordered = body.get('ordered') !== false;
  const errors: Doc[] = [];
  let n = 0;
  await engine.write(`${db}.${name}`, async (begin) => {
    for (const [index, statement] of statements.entries()) {
      try {
        await runStatement(invocation, name, statement.document, () => n++, begin);
      } catch (error) {
        errors.push(asWriteError(index, error));
        if (ordered) break;
      }
    }
  });
  return doc({ n, writeErrors: errors.length > 0 ? errors : undefined, ok: 1 });
}

async function runStatement(
  { engine, db, pace }: Invocation,
  name: string,
  statement: Doc,
  deleted: () => void,
  begin: () => void,
): Promise<void> {
  for (const field of statement.keys()) {
    if (!STATEMENT_FIELDS.has(field))
      throw new CommandError(40415, `BSON field 'delete.deletes.${field}' is an unknown field.`);
  }
  refuseCollation(statement);
  const filter = document(statement, 'q');
  const limit = integer(statement, 'limit');
  if (filter === undefined) throw missing('delete.deletes.q');
  if (limit !== 0 && limit !== 1)
    throw failedToParse(`The limit field in delete objects must be 0 or 1. Got ${limit}`);
  const collection = engine.collection(db, name);
  if (collection === undefined) return;
  const query = new FindRun(engine.store.writer, engine.counters, collection, {
    filter,
    limit,
    hint: statement.get('hint'),
  });
  for (const rid of await query.rids(pace)) {
    if (pace.due) await pace.yield();
    const match = collection.load(rid);
    if (match === undefined) continue;
    begin();
    collection.remove(rid, match.document);
    engine.counters.add('docsWritten');
    deleted();
  }
}

export const deleteCommand: Command = { fields: ['deletes', 'ordered'], run };
