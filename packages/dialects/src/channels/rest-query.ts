import { LIMITS } from '@switchboard/protocol';
import { z } from 'zod';
import { tooLong } from './rest-fields.ts';

const NOT_AN_INTEGER = 'A valid integer is required.';
const NOT_A_TIME = 'Enter a valid date/time.';

/** A filter that was left blank, as forms send it, is none: so it is to the filters of this framework. */
export const unlessBlank = <S extends z.ZodType>(schema: S) =>
  z.preprocess((given) => (given === '' ? undefined : given), schema.optional());

/** A page size, cut down to the greatest we serve. */
const Limit = z
  .string()
  .regex(/^\d{1,15}$/, { error: NOT_AN_INTEGER })
  .transform(Number)
  .refine((limit) => limit > 0, {
    error: 'Ensure this value is greater than or equal to 1.',
    params: { rule: 'too_small' },
  })
  .transform((limit) => Math.min(limit, LIMITS.pageMax));

/** Where a page begins or ends, itself not part of it: an item's id, or a time. */
export type Bound = { readonly id: number } | { readonly at: Date };

const BoundInput = z
  .string()
  .transform((given) => given.trim())
  .pipe(
    z.union(
      [
        z
          .string()
          .regex(/^\d{1,15}$/)
          .transform((id): Bound => ({ id: Number(id) })),
        z.iso.datetime({ offset: true, local: true }).transform((at): Bound => ({ at: utc(at) })),
        z.iso.date().transform((day): Bound => ({ at: utc(day) })),
      ],
      { error: NOT_A_TIME },
    ),
  );

/** A time without a zone is UTC, as the framework's own settings have it. */
function utc(given: string): Date {
  return new Date(/T/.test(given) && !/(Z|[+-]\d\d:?\d\d)$/i.test(given) ? `${given}Z` : given);
}

const DAY_MS = 86_400_000;

const SEARCH_MAX = LIMITS.nameLength * 4;

const timeInput = (endOfDay: boolean) =>
  z
    .string()
    .transform((given) => given.trim())
    .pipe(
      z.union(
        [
          z.iso.datetime({ offset: true, local: true }).transform(utc),
          z.iso.date().transform((day) => (endOfDay ? new Date(utc(day).getTime() + DAY_MS - 1) : utc(day))),
        ],
        { error: NOT_A_TIME },
      ),
    );

/** Other names for the ends of a range of time, as filters of this framework are commonly called. */
const FROM = ['date_from', 'start_date', 'created_after', 'created_at__gte', 'since'] as const;
const TO = ['date_to', 'end_date', 'created_before', 'created_at__lte', 'until'] as const;

const oneOf = <const T extends readonly string[], S extends z.ZodType>(names: T, schema: S) =>
  Object.fromEntries(names.map((name) => [name, schema])) as { [K in T[number]]: S };

/**
 * What lists may be asked for; anything at all makes the reply a page. `before` pages back from an item or a time, `after` goes on behind one; both ends
 * of a range of time are part of it.
 */
export const ListQuery = z.object({
  limit: unlessBlank(Limit),
  before: unlessBlank(BoundInput),
  after: unlessBlank(BoundInput),
  search: z
    .string()
    .max(SEARCH_MAX, { error: tooLong(SEARCH_MAX) })
    .optional(),
  ...oneOf(FROM, unlessBlank(timeInput(false))),
  ...oneOf(TO, unlessBlank(timeInput(true))),
});
export type ListQuery = z.infer<typeof ListQuery>;

export interface ListAsk {
  /** False: nothing was asked for. */
  readonly paged: boolean;
  readonly limit: number | undefined;
  readonly before: Bound | undefined;
  readonly after: Bound | undefined;
  readonly search: string | undefined;
  /** Both included. */
  readonly since: Date | undefined;
  readonly until: Date | undefined;
}

export function listAsk(query: ListQuery & { readonly room_type?: unknown }): ListAsk {
  const { limit, before, after, search } = query;
  return {
    paged: Object.values(query).some((value) => value !== undefined),
    limit,
    before,
    after,
    search,
    since: FROM.map((name) => query[name]).find((time) => time !== undefined),
    until: TO.map((name) => query[name]).find((time) => time !== undefined),
  };
}
