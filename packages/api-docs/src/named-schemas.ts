import * as protocol from '@switchboard/protocol';
import { z } from 'zod';

/** A schema's name among the components of a document. */
export type NamedSchemas = ReadonlyMap<z.ZodType, string>;

/**
 * What the protocol exports under a name appears under that name: a message, a call, a user, the words of an enumeration. Ids stay where they
 * are used: they are short, and those that differ by brand alone are one schema at run time.
 */
export function namedSchemas(): NamedSchemas {
  return new Map(
    Object.entries(protocol).flatMap(([name, exported]) =>
      exported instanceof z.ZodType && !(exported instanceof z.ZodString) && !isId(exported)
        ? [[exported, name] as const]
        : [],
    ),
  );
}

function isId(schema: z.ZodType): boolean {
  return schema._zod.def.type === 'string';
}
