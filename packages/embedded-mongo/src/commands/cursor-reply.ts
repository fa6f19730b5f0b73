import { encode } from '../bson/encode.ts';
import { type Doc, doc, RawDocument } from '../bson/value.ts';
import { type BatchSource, ListSource } from '../engine/cursors.ts';
import type { Invocation } from './command.ts';

/** As MongoDB: a first batch without a batchSize has 101 documents. */
export const FIRST_BATCH = 101;

export function cursorDoc(
  id: bigint,
  namespace: string,
  name: 'firstBatch' | 'nextBatch',
  batch: readonly Buffer[],
): Doc {
  return doc({ cursor: { [name]: batch.map((bytes) => new RawDocument(bytes)), id, ns: namespace }, ok: 1 });
}

/** The first batch of a source, and a cursor for the rest when there is one. */
export async function firstBatch(
  { engine, pace }: Invocation,
  namespace: string,
  source: BatchSource,
  options: { readonly batchSize: number; readonly single?: boolean },
): Promise<Doc> {
  const batch = await source.batch(options.batchSize, pace);
  const id = source.done || options.single === true ? 0n : engine.cursors.open(namespace, source);
  return cursorDoc(id, namespace, 'firstBatch', batch);
}

export function listReply(
  invocation: Invocation,
  namespace: string,
  documents: readonly Doc[],
  batchSize: number,
): Promise<Doc> {
  return firstBatch(invocation, namespace, new ListSource(documents.map(encode)), { batchSize });
}
