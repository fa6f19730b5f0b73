import { randomBytes } from 'node:crypto';
import { decode } from '../bson/decode.ts';
import { encode } from '../bson/encode.ts';
import { type Doc, doc } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { Collection } from './collection.ts';
import type { Connection } from './connection.ts';
import { defineIndex, indexName } from './define-index.ts';
import { type IndexDefinition, indexTable } from './index-definition.ts';

/** Which collections and indexes there are; the tables `collections` and `indexes` and their copy in memory. */
export class Catalog {
  private readonly writer: Connection;
  private readonly collections = new Map<string, Collection>();

  constructor(writer: Connection) {
    this.writer = writer;
    writer.exec(`
      CREATE TABLE IF NOT EXISTS collections (
        id INTEGER PRIMARY KEY AUTOINCREMENT, db TEXT NOT NULL, name TEXT NOT NULL, uuid BLOB NOT NULL, UNIQUE (db, name));
      CREATE TABLE IF NOT EXISTS indexes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, name TEXT NOT NULL, spec BLOB NOT NULL,
        multikey INTEGER NOT NULL DEFAULT 0, ready INTEGER NOT NULL DEFAULT 0);
    `);
    this.dropUnfinishedIndexes();
    this.load();
  }

  find(db: string, name: string): Collection | undefined {
    return this.collections.get(`${db}.${name}`);
  }

  list(db?: string): Collection[] {
    return [...this.collections.values()].filter(
      (collection) => db === undefined || collection.info.db === db,
    );
  }

  create(db: string, name: string): Collection {
    checkNamespace(db, name);
    const uuid = uuidV4();
    this.writer.run('INSERT INTO collections (db, name, uuid) VALUES (?, ?, ?)', [db, name, uuid]);
    const id = this.lastId();
    this.writer.exec(`CREATE TABLE d${id} (rid INTEGER PRIMARY KEY, bson BLOB NOT NULL)`);
    const collection = new Collection(this.writer, { id, db, name, uuid }, []);
    const primary = this.createIndex(collection, doc({ v: 2, key: { _id: 1 }, name: '_id_', unique: true }));
    this.finishIndex(collection, primary);
    this.collections.set(collection.namespace, collection);
    return collection;
  }

  drop(collection: Collection): void {
    for (const index of [...collection.indexes]) this.dropIndex(collection, index);
    this.writer.run('DELETE FROM collections WHERE id = ?', [collection.info.id]);
    this.writer.forget(collection.table);
    this.writer.exec(`DROP TABLE ${collection.table}`);
    this.collections.delete(collection.namespace);
  }

  /** An empty index that nobody uses until `finishIndex`; one found unfinished at start is dropped. */
  createIndex(collection: Collection, spec: Doc): IndexDefinition {
    this.writer.run('INSERT INTO indexes (collection, name, spec) VALUES (?, ?, ?)', [
      collection.info.id,
      indexName(spec),
      encode(spec),
    ]);
    const index = defineIndex(this.lastId(), spec, 0);
    this.writer.exec(
      `CREATE TABLE ${indexTable(index)} (k BLOB PRIMARY KEY, rid INTEGER NOT NULL) WITHOUT ROWID`,
    );
    return index;
  }

  finishIndex(collection: Collection, index: IndexDefinition): void {
    this.writer.run('UPDATE indexes SET ready = 1 WHERE id = ?', [index.id]);
    collection.indexes.push(index);
  }

  dropIndex(collection: Collection, index: IndexDefinition): void {
    this.writer.run('DELETE FROM indexes WHERE id = ?', [index.id]);
    this.writer.forget(indexTable(index));
    this.writer.exec(`DROP TABLE ${indexTable(index)}`);
    const at = collection.indexes.indexOf(index);
    if (at !== -1) collection.indexes.splice(at, 1);
  }

  /** Makes the copy in memory agree with the tables again after a rollback. */
  load(): void {
    this.collections.clear();
    for (const row of this.writer.rows('SELECT id, db, name, uuid FROM collections ORDER BY id')) {
      const [id, db, name, uuid] = row as [number, string, string, Buffer];
      const collection = new Collection(this.writer, { id, db, name, uuid }, this.loadIndexes(id));
      this.collections.set(collection.namespace, collection);
    }
  }

  private loadIndexes(collection: number): IndexDefinition[] {
    return this.writer
      .rows('SELECT id, spec, multikey FROM indexes WHERE collection = ? AND ready = 1 ORDER BY id', [
        collection,
      ])
      .map((row) => {
        const [id, spec, multikey] = row as [number, Buffer, number];
        return defineIndex(id, decode(spec), multikey);
      });
  }

  private dropUnfinishedIndexes(): void {
    for (const row of this.writer.rows('SELECT id FROM indexes WHERE ready = 0')) {
      const [id] = row as [number];
      this.writer.exec(`DROP TABLE IF EXISTS ${indexTable({ id })}; DELETE FROM indexes WHERE id = ${id}`);
    }
  }

  private lastId(): number {
    return this.writer.rows('SELECT last_insert_rowid()')[0]?.[0] as number;
  }
}

function checkNamespace(db: string, name: string): void {
  const badDb = db === '' || db.length > 63 || /[/\\. "$*<>:|?\0]/.test(db);
  const badName =
    name === '' || name.includes('\0') || name.includes('$') || name.startsWith('.') || name.endsWith('.');
  if (badDb || badName || name.startsWith('system.') || Buffer.byteLength(`${db}.${name}`) > 255) {
    throw new CommandError(73, 'Invalid namespace specified');
  }
}

function uuidV4(): Buffer {
  const bytes = randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}
