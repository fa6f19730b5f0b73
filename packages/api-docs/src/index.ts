export type { SchemaJson } from './schema-json.ts';
