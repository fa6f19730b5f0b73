import type { Doc } from '../bson/value.ts';

export interface IndexField {
  readonly name: string;
  readonly path: readonly string[];
  readonly descending: boolean;
}

export interface IndexDefinition {
  readonly id: number;
  readonly name: string;
  /** What listIndexes shows. */
  readonly spec: Doc;
  readonly key: Doc;
  readonly fields: readonly IndexField[];
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly expireAfterSeconds: number | undefined;
  readonly partial: Doc | undefined;
  /** Whether a document belongs into the partial index; always true without a partialFilterExpression. */
  readonly covers: (document: Doc) => boolean;
  /** Per field, whether any document ever had an array on its path. Only ever turns on. */
  readonly multikey: boolean[];
}

export function indexTable(index: { readonly id: number }): string {
  return `i${index.id}`;
}
