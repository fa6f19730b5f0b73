import { ObjectId } from 'bson';
import { encode } from '../bson/encode.ts';
import { type Doc, doc, isArray, isDoc, isOpaque, Opaque, Type, type Value } from '../bson/value.ts';
import type { BeginWrite } from '../engine/engine.ts';
import { CommandError } from '../errors.ts';
import { collectionName, documents } from './arguments.ts';
import type { Command, Invocation } from './command.ts';
import { MAX_DOCUMENT_BYTES } from './handshake.ts';
import { asWriteError } from './write-result.ts';

async function run(invocation: Invocation): Promise<Doc> {
  const { engine, db, body, pace } = invocation;
  const name = collectionName(invocation);
  const items = documents(invocation, 'documents');
  const ordered = body.get('ordered') !== false;
  const errors: Doc[] = [];
  let inserted = 0;
  await engine.write(`${db}.${name}`, async (begin: BeginWrite) => {
    for (const [index, item] of items.entries()) {
      if (pace.due) await pace.yield();
      try {
        const ready = prepare(item);
        const collection = engine.collection(db, name) ?? (await engine.ensureCollection(db, name));
        begin();
        collection.insert(ready.document, ready.bytes);
        inserted++;
        engine.counters.add('docsWritten');
      } catch (error) {
        errors.push(asWriteError(index, error));
        if (ordered) break;
      }
    }
  });
  return doc({ n: inserted, writeErrors: errors.length > 0 ? errors : undefined, ok: 1 });
}

/** With an `_id`, and that first; otherwise the bytes as they came. */
function prepare(item: { document: Doc; bytes: Buffer }): { document: Doc; bytes: Buffer } {
  const { document } = item;
  const result = document.keys().next().value === '_id' ? item : withIdFirst(document);
  checkId(result.document.get('_id') ?? null);
  checkSize(result.bytes);
  return result;
}

function withIdFirst(document: Doc): { document: Doc; bytes: Buffer } {
  const result: Doc = new Map([['_id', document.get('_id') ?? newObjectId()]]);
  for (const [name, value] of document) if (name !== '_id') result.set(name, value);
  return { document: result, bytes: encode(result) };
}

export function newObjectId(): Opaque {
  return new Opaque(Type.objectId, Buffer.from(new ObjectId().id));
}

/** @throws CommandError InvalidIdField (53), DollarPrefixedFieldName (52) */
export function checkId(id: Value): void {
  if (isArray(id)) throw new CommandError(53, "The '_id' value cannot be of type array");
  if (isOpaque(id, Type.regex)) throw new CommandError(53, "The '_id' value cannot be of type regex");
  if (isOpaque(id, Type.undefined)) throw new CommandError(53, "The '_id' value cannot be of type undefined");
  if (!isDoc(id)) return;
  for (const name of id.keys()) {
    if (name.startsWith('$'))
      throw new CommandError(
        52,
        `_id fields may not contain '$'-prefixed fields: ${name} is not valid for storage.`,
      );
  }
}

/** @throws CommandError BSONObjectTooLarge (10334) */
export function checkSize(bytes: Buffer): void {
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw new CommandError(
      10334,
      `object to insert too large. size in bytes: ${bytes.length}, max size: ${MAX_DOCUMENT_BYTES}`,
    );
  }
}

export const insert: Command = { fields: ['documents', 'ordered', 'bypassDocumentValidation'], run };
