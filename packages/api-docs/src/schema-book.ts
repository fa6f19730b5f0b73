import { z } from 'zod';
import { isObject, type JsonObject } from './json.ts';
import type { NamedSchemas } from './named-schemas.ts';

/** input: what a client may send. output: what it is sent. */
export type Direction = 'input' | 'output';

/** The JSON Schemas of one document. */
export interface SchemaBook {
  /** The schema as it stands in the document: itself, or a reference if it has a name. */
  of(schema: z.ZodType, direction: Direction): JsonObject;
  /** The named schemas that were referred to so far, by name. */
  components(): JsonObject;
}

/**
 * @param target draft-2020-12 for OpenAPI 3.1, draft-7 for AsyncAPI 3.0: the drafts that their schema objects extend.
 * @throws Error for schemas that JSON Schema cannot say, and for recursive ones without a name.
 */
export function createSchemaBook(target: 'draft-2020-12' | 'draft-7', named: NamedSchemas): SchemaBook {
  const generate = (schema: z.ZodType, io: Direction): JsonObject => {
    const metadata = z.registry<{ id: string }>();
    for (const [other, id] of named) if (other !== schema) metadata.add(other, { id });
    return z.toJSONSchema(schema, { io, target, metadata, override: simplify });
  };
  const byName = new Map([...named].map(([schema, name]) => [name, schema]));
  const twofold = namesThatDiffer(named, generate);
  const used = new Map<string, JsonObject>();

  const refer = (name: string, direction: Direction): JsonObject => {
    const id = direction === 'input' && twofold.has(name) ? `${name}Input` : name;
    if (!used.has(id)) {
      used.set(id, {}); // Before its parts, so that it may contain itself.
      const schema = byName.get(name);
      if (!schema) throw new Error(`no schema is named ${name}`);
      used.set(id, settle(generate(schema, direction), direction));
    }
    return { $ref: `#/components/schemas/${id}` };
  };

  /** References become those of the document, and what zod says about the file as a whole goes. */
  const settle = (json: JsonObject, direction: Direction): JsonObject => {
    const kept = Object.entries(json).filter(([word]) => !OF_THE_FILE.has(word));
    return point(Object.fromEntries(kept), direction) as JsonObject;
  };
  const point = (json: unknown, direction: Direction): unknown => {
    if (Array.isArray(json)) return json.map((entry) => point(entry, direction));
    if (!isObject(json)) return json;
    const entries = Object.entries(json).map(([key, value]) => [key, point(value, direction)]);
    const name = nameIn(json.$ref);
    return { ...Object.fromEntries(entries), ...(name === undefined ? {} : refer(name, direction)) };
  };

  return {
    of(schema, direction) {
      const name = named.get(schema);
      return name === undefined ? settle(generate(schema, direction), direction) : refer(name, direction);
    },
    components: () => Object.fromEntries([...used].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

const OF_THE_FILE = new Set(['$schema', '$defs', 'definitions']);

function nameIn(reference: unknown): string | undefined {
  if (typeof reference !== 'string') return undefined;
  const name = /^#\/(?:\$defs|definitions)\/((?!__)\w+)$/.exec(reference)?.[1];
  if (name === undefined) throw new Error(`a schema refers to itself: ${reference}`);
  return name;
}

/** Names whose schema is another for what is sent than for what is received, in itself or in what it refers to. */
function namesThatDiffer(
  named: NamedSchemas,
  generate: (schema: z.ZodType, direction: Direction) => JsonObject,
): ReadonlySet<string> {
  /** Undefined for a schema that makes sense in the other direction only. */
  const text = (schema: z.ZodType, direction: Direction): string | undefined => {
    try {
      return JSON.stringify(generate(schema, direction));
    } catch {
      return undefined;
    }
  };
  // The text holds the definitions of what is referred to, so a difference there shows here.
  const differs = (schema: z.ZodType): boolean => {
    const [input, output] = [text(schema, 'input'), text(schema, 'output')];
    return input !== undefined && output !== undefined && input !== output;
  };
  return new Set([...named].filter(([schema]) => differs(schema)).map(([, name]) => name));
}

const PLAIN_FORMATS = new Set(['date-time', 'email', 'uuid', 'uri']);

/** Takes out what zod says beyond need, so that people can read the schemas, and puts in what `.meta` says. */
function simplify({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  const { def } = zodSchema._zod;
  // Fields may be added to what we send; what we do not know of what we are sent is ignored. Strict objects say so themselves.
  if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
  if (def.type === 'record' && JSON.stringify(jsonSchema.propertyNames) === '{"type":"string"}') {
    delete jsonSchema.propertyNames;
  }
  if (PLAIN_FORMATS.has(String(jsonSchema.format))) delete jsonSchema.pattern;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  Object.assign(jsonSchema, z.globalRegistry.get(zodSchema));
}
