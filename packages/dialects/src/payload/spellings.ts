import { z } from 'zod';

/** Documented field name → other names that clients send for it, in order of preference. */
export type Spellings = Readonly<Record<string, readonly string[]>>;

/**
 * Reads every spelling of a field as the documented one before validating. A null counts as absent, so that
 * an optional field may be null. The published contract shows the documented names alone.
 */
export function spelled<S extends z.ZodType>(spellings: Spellings, schema: S) {
  return z.preprocess((value) => respell(value, spellings), schema);
}

function respell(value: unknown, spellings: Spellings): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const source = value as Record<string, unknown>;
  const read = (name: string) => (Object.hasOwn(source, name) ? source[name] : undefined);
  const result = new Map<string, unknown>(Object.entries(source).filter(([, field]) => field !== null));
  for (const [name, others] of Object.entries(spellings)) {
    const found = [name, ...others].map(read).find((field) => field !== undefined && field !== null);
    if (found !== undefined) result.set(name, found);
  }
  // fromEntries defines own properties, so a field named __proto__ stays data.
  return Object.fromEntries(result);
}
