import type { RateRule } from '@switchboard/ports';
import { z } from 'zod';

/** What the parser must know of a variable beside its type. */
interface FieldNotes {
  readonly secret?: true;
  /** Other names of the same variable. */
  readonly aliases?: readonly string[];
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;
const RATE = /^(\d{1,9})\/(\d{1,9}(?:ms|s|m|h|d))$/;
const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);
/** What people leave in place from an example file. */
const PLACEHOLDER = /^(change|replace|your|example|secret|password|placeholder|todo|xxx)|change[-_ ]?me/i;

function durationMs(text: string): number | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  return unit === undefined ? undefined : Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

function rateRule(text: string): RateRule | 'off' | undefined {
  if (text === 'off') return 'off';
  const [, points, window] = RATE.exec(text) ?? [];
  const windowMs = window === undefined ? undefined : durationMs(window);
  return windowMs && Number(points) > 0 ? { points: Number(points), windowMs } : undefined;
}

/** A variable read from its text; `read` returns undefined for what it cannot read, `expected` completes "must be …". */
function readText<T>(expected: string, read: (text: string) => T | undefined) {
  return z.string({ error: `is missing; it must be ${expected}` }).transform((value, context): T => {
    const result = read(value.trim());
    if (result !== undefined) return result;
    context.issues.push({ code: 'custom', message: `must be ${expected}`, input: undefined });
    return z.NEVER;
  });
}

function noted<S extends z.ZodType>(schema: S, notes: FieldNotes): S {
  return schema.meta({ switchboard: notes });
}

/** The notes of a field, also when it was wrapped by `.optional()` or `.default()`. */
export function notesOf(schema: z.core.$ZodType): FieldNotes {
  const own = z.globalRegistry.get(schema)?.switchboard;
  if (own) return own as FieldNotes;
  const definition = schema._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType };
  const inner = definition.innerType ?? definition.in;
  return inner ? notesOf(inner) : {};
}

export interface IntegerOptions {
  readonly min?: number;
  readonly max?: number;
  readonly default?: number;
}

function integer({ min = 0, max = Number.MAX_SAFE_INTEGER, default: preset }: IntegerOptions = {}) {
  const field = readText(`a whole number from ${min} to ${max}`, (value) => {
    const number = /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  });
  return preset === undefined ? field : field.prefault(String(preset));
}

/** Schemas of environment variables. Each message says what to write; none repeats what was written. */
export const fields = {
  /** 0 picks a free port. */
  port: (preset = 3000) => integer({ min: 0, max: 65_535, default: preset }),

  integer,

  /** Any text that is not blank. */
  text: (preset?: string) => {
    const field = readText('some text', (value) => value || undefined);
    return preset === undefined ? field : field.prefault(preset);
  },

  /** `24h`, `15m`, `500ms` → milliseconds. */
  duration: (preset: string) =>
    readText('a duration such as 500ms, 30s, 15m, 24h or 30d', durationMs).prefault(preset),

  /** `5/15m` → five per fifteen minutes; `off` for no limit. */
  rate: (preset: string) => readText('a rate such as 5/15m, or off', rateRule).prefault(preset),

  /** Comma-separated; blanks around and empty entries are dropped. */
  csv: (preset = '') =>
    readText('a comma-separated list', (value) =>
      value
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    ).prefault(preset),

  /** Comma-separated origins such as `https://chat.example.org`, or `*` for any. */
  origins: (preset = '') =>
    readText(
      'a comma-separated list of origins such as https://chat.example.org, or *',
      readOrigins,
    ).prefault(preset),

  boolean: (preset: boolean) =>
    readText('true or false', (value) => {
      const word = value.toLowerCase();
      if (TRUE.has(word)) return true;
      return FALSE.has(word) ? false : undefined;
    }).prefault(String(preset)),

  /** Never printed. `min` is in bytes. */
  secret: ({ min = 16 }: { readonly min?: number } = {}) =>
    noted(
      readText(
        `a secret of at least ${min} random bytes, such as the output of: openssl rand -hex 32`,
        (value) => (Buffer.byteLength(value) < min || PLACEHOLDER.test(value) ? undefined : value),
      ),
      { secret: true },
    ),

  /** A URL, or a comma-separated list of hosts after the scheme as MongoDB and NATS write it. */
  url: ({ schemes = ['http', 'https'], aliases = [] }: UrlOptions = {}) =>
    noted(
      readText(`a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`, (value) => {
        const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/\/(\S+)$/i.exec(value) ?? [];
        return rest && schemes.includes(scheme?.toLowerCase() ?? '') ? value : undefined;
      }),
      { aliases },
    ),
} as const;

export interface UrlOptions {
  readonly schemes?: readonly string[];
  readonly aliases?: readonly string[];
}

function readOrigins(value: string): '*' | string[] | undefined {
  if (value === '*') return '*';
  const origins: string[] = [];
  for (const entry of value.split(',')) {
    const origin = entry.trim().replace(/\/$/, '');
    if (origin === '') continue;
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^/\s?#@]+$/i.test(origin)) return undefined;
    origins.push(origin.toLowerCase());
  }
  return origins;
}
