export { type ApiDocs, createApiDocs } from './create-api-docs.ts';
export type { JsonObject } from './json.ts';
