import { decode } from '../bson/decode.ts';
import type { Doc } from '../bson/value.ts';
import type { Connection } from './connection.ts';
import { DuplicateKeyError } from './duplicate-key.ts';
import { type IndexDefinition, indexTable } from './index-definition.ts';
import { type DocumentKeys, documentKeys, type IndexKey } from './index-keys.ts';

/** A stored document: its row number never changes while it lives. */
export interface StoredDocument {
  readonly rid: number;
  readonly bytes: Buffer;
}

export interface CollectionInfo {
  readonly id: number;
  readonly db: string;
  readonly name: string;
  readonly uuid: Buffer;
}

/**
 * The rows of one collection and its indexes. Every method is synchronous and belongs into an open batch; each checks all it may
 * refuse before it changes the first row, so a refusal leaves nothing behind.
 */
export class Collection {
  readonly info: CollectionInfo;
  readonly indexes: IndexDefinition[];
  private readonly writer: Connection;
  private nextRid: number;

  constructor(writer: Connection, info: CollectionInfo, indexes: IndexDefinition[]) {
    this.writer = writer;
    this.info = info;
    this.indexes = indexes;
    const last = writer.rows(`SELECT max(rid) FROM ${this.table}`)[0]?.[0];
    this.nextRid = (typeof last === 'number' ? last : 0) + 1;
  }

  get table(): string {
    return `d${this.info.id}`;
  }

  get namespace(): string {
    return `${this.info.db}.${this.info.name}`;
  }

  /** @throws DuplicateKeyError, CommandError CannotIndexParallelArrays */
  insert(document: Doc, bytes: Buffer): void {
    const rid = this.nextRid;
    const entries = this.indexes.map((index) => ({ index, found: documentKeys(index, document) }));
    for (const { index, found } of entries) this.refuseDuplicates(index, found.keys, rid);
    this.nextRid++;
    this.writer.run(`INSERT INTO ${this.table} (rid, bson) VALUES (?, ?)`, [rid, bytes]);
    for (const { index, found } of entries) this.addKeys(index, found, found.keys, rid);
  }

  /** @throws DuplicateKeyError, CommandError CannotIndexParallelArrays */
  replace(rid: number, before: Doc, after: Doc, bytes: Buffer): void {
    const changes = this.indexes.map((index) => {
      const found = documentKeys(index, after);
      const old = documentKeys(index, before).keys;
      return { index, found, added: without(found.keys, old), removed: without(old, found.keys) };
    });
    for (const { index, added } of changes) this.refuseDuplicates(index, added, rid);
    this.writer.run(`UPDATE ${this.table} SET bson = ? WHERE rid = ?`, [bytes, rid]);
    for (const { index, found, added, removed } of changes) {
      this.removeKeys(index, removed, rid);
      this.addKeys(index, found, added, rid);
    }
  }

  remove(rid: number, document: Doc): void {
    this.writer.run(`DELETE FROM ${this.table} WHERE rid = ?`, [rid]);
    for (const index of this.indexes) this.removeKeys(index, documentKeys(index, document).keys, rid);
  }

  /** The document as the open batch sees it. */
  load(rid: number): (StoredDocument & { readonly document: Doc }) | undefined {
    const bytes = this.writer.rows(`SELECT bson FROM ${this.table} WHERE rid = ?`, [rid])[0]?.[0];
    return Buffer.isBuffer(bytes) ? { rid, bytes, document: decode(bytes) } : undefined;
  }

  /** Adds stored documents to an index being built. */
  addToIndex(index: IndexDefinition, documents: readonly StoredDocument[]): void {
    for (const { rid, bytes } of documents) {
      const found = documentKeys(index, decode(bytes));
      this.refuseDuplicates(index, found.keys, rid);
      this.addKeys(index, found, found.keys, rid);
    }
  }

  private refuseDuplicates(index: IndexDefinition, keys: readonly IndexKey[], rid: number): void {
    if (!index.unique) return;
    for (const key of keys) {
      const holder = this.writer.rows(`SELECT rid FROM ${indexTable(index)} WHERE k = ?`, [
        key.bytes,
      ])[0]?.[0];
      if (holder !== undefined && holder !== rid) {
        throw new DuplicateKeyError(this.namespace, index.name, index.key, key.values);
      }
    }
  }

  private addKeys(index: IndexDefinition, found: DocumentKeys, keys: readonly IndexKey[], rid: number): void {
    for (const key of keys) {
      this.writer.run(`INSERT INTO ${indexTable(index)} (k, rid) VALUES (?, ?)`, [
        rowKey(index, key, rid),
        rid,
      ]);
    }
    this.noteMultikey(index, found.multikey);
  }

  private removeKeys(index: IndexDefinition, keys: readonly IndexKey[], rid: number): void {
    for (const key of keys) {
      this.writer.run(`DELETE FROM ${indexTable(index)} WHERE k = ?`, [rowKey(index, key, rid)]);
    }
  }

  private noteMultikey(index: IndexDefinition, multikey: readonly boolean[]): void {
    let changed = false;
    for (const [i, isMultikey] of multikey.entries()) {
      if (isMultikey && index.multikey[i] !== true) {
        index.multikey[i] = true;
        changed = true;
      }
    }
    if (!changed) return;
    const mask = index.multikey.reduce((bits, flag, i) => bits + (flag ? 2 ** i : 0), 0);
    this.writer.run('UPDATE indexes SET multikey = multikey | ? WHERE id = ?', [mask, index.id]);
  }
}

/** Equal keys of different documents are told apart by the row number, except where they must not exist. */
export function rowKey(index: IndexDefinition, key: IndexKey, rid: number): Buffer {
  if (index.unique) return key.bytes;
  const suffix = Buffer.allocUnsafe(8);
  suffix.writeBigUInt64BE(BigInt(rid));
  return Buffer.concat([key.bytes, suffix]);
}

function without(keys: readonly IndexKey[], others: readonly IndexKey[]): IndexKey[] {
  return keys.filter((key) => !others.some((other) => other.bytes.equals(key.bytes)));
}
