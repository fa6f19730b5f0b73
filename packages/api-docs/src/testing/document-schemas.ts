import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { isObject, type JsonObject } from '../json.ts';

/** The schemas of a document, compiled as they stand in it. */
export interface DocumentSchemas {
  /** What a value that should match the schema at a pointer lacks; empty when nothing. */
  complaints(pointer: string, value: unknown): readonly string[];
}

/**
 * In ajv's strict mode, which knows every keyword and format or refuses.
 * @param draft That of the document's schema objects.
 */
export function documentSchemas(document: JsonObject, draft: '2020-12' | 'draft-07'): DocumentSchemas {
  const options = { strict: true, strictRequired: false, allErrors: true, allowUnionTypes: true } as const;
  const ajv = draft === '2020-12' ? new Ajv2020(options) : new Ajv(options);
  formats.default(ajv);
  // Around the schemas stands what is no schema.
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema(document, 'document.json');
  return {
    complaints(pointer, value) {
      const validate = ajv.getSchema(`document.json#${pointer}`);
      if (!validate) throw new Error(`no schema at ${pointer}`);
      if (validate(value) === true) return [];
      return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    },
  };
}

/** Where a value stands in a document. */
export function pointer(...path: readonly string[]): string {
  return path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Every pointer whose last key is one of these. */
export function pointersTo(keys: readonly string[], at: unknown, path: readonly string[] = []): string[] {
  if (Array.isArray(at)) {
    return at.flatMap((entry, index) => pointersTo(keys, entry, [...path, String(index)]));
  }
  if (!isObject(at)) return [];
  return Object.entries(at).flatMap(([key, value]) =>
    keys.includes(key) && isObject(value) ? [pointer(...path, key)] : pointersTo(keys, value, [...path, key]),
  );
}

/** The document with every object in it closed: a field that is not described is wrong there. */
export function closed(json: JsonObject): JsonObject {
  return close(json) as JsonObject;
}

function close(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(close);
  if (!isObject(json)) return json;
  const copy = Object.fromEntries(Object.entries(json).map(([key, value]) => [key, close(value)]));
  const isSchema = json.type === 'object' && isObject(json.properties);
  return isSchema && json.additionalProperties === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}

/** JSON, as the wire has it. */
export function onTheWire(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/**
 * What a client's golden payload lacks of its description. One in other words than the documented (another spelling of a field,
 * a bare value for an object) is understood, but not published, and excused; that one has the documented words is tested beside.
 */
export function publishedComplaints(
  { open, strict }: { readonly open: DocumentSchemas; readonly strict: DocumentSchemas },
  at: string,
  sent: unknown,
): { readonly fits: boolean; readonly excused: boolean; readonly complaints: readonly string[] } {
  // Nothing at all stands for an empty object, and null, where the description does not have it, for an absent field.
  const asSent = onTheWire(sent) ?? {};
  const payload = open.complaints(at, asSent).length === 0 ? asSent : withoutNulls(asSent);
  const complaints = open.complaints(at, payload);
  const otherWords = strict
    .complaints(at, payload)
    .some((complaint) => complaint.includes('must NOT have additional properties'));
  // A field may be read from another one, or from the event's next argument.
  const lacking = complaints.every((complaint) => complaint.includes('must have required property'));
  return {
    fits: complaints.length === 0,
    excused: otherWords || lacking || !isObject(payload),
    complaints,
  };
}

function withoutNulls(payload: unknown): unknown {
  return isObject(payload)
    ? Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== null))
    : payload;
}
