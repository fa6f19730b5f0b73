import type { ChannelsPage, ListAsk } from '@switchboard/dialects';
import { LIMITS } from '@switchboard/protocol';

/** A part of a list in ascending ids. */
export interface Range {
  /** Exclusive. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  /** Inclusive. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly limit: number;
  /** Which end of the range is taken. */
  readonly order: 'oldest' | 'newest';
}

export interface Part<T> {
  /** Ascending. */
  readonly items: readonly T[];
  /** Present when there may be more: the `after` of the following part, or the `before` of the one that precedes when the order is newest. */
  readonly next?: number | undefined;
  /** How many there are, whatever `after` and `before`; absent when nobody can count them all. */
  readonly total?: number | undefined;
}

export interface Listed<T> {
  readonly ask: ListAsk;
  /** Scheme and host of the links, and path and query as asked for. */
  readonly origin: string;
  readonly url: string;
  readonly read: (range: Range) => Promise<Part<T>>;
  readonly idOf: (item: T) => number;
}

/**
 * One page of a list, oldest first, with links to the pages beside it. Pages go forward from the oldest item; with `before` they go back from there. Either
 * way `next`, followed until it is null, gives every item once, whatever is added meanwhile: links name items, not numbers of pages.
 */
export async function pageOf<T>({ ask, origin, url, read, idOf }: Listed<T>): Promise<ChannelsPage<T>> {
  const limit = ask.limit ?? LIMITS.pageDefault;
  const back = ask.before !== undefined;
  const since = later(ask.since, exclusive(ask.after, 1));
  const until = earlier(ask.until, exclusive(ask.before, -1));
  const [after, before] = [idIn(ask.after), idIn(ask.before)];
  const range = { since, until, limit };
  const link = linksTo(origin, url, ask);

  const { items, next, total } = await read({
    ...range,
    after,
    before,
    order: back ? 'newest' : 'oldest',
  });
  const [first, last] = [items[0], items.at(-1)];

  /** The page on the other side, for whoever came here by a link. */
  const previous = async (): Promise<string | null> => {
    if (back) {
      if (before === undefined) return null;
      const newer = await read({ ...range, after: last ? idOf(last) : before - 1, order: 'oldest' });
      const end = newer.items.at(-1);
      return end ? link('before', idOf(end) + 1) : null;
    }
    if (after === undefined) return null;
    const older = await read({ ...range, before: first ? idOf(first) : after + 1, order: 'newest' });
    const start = older.items[0];
    return start ? link('after', idOf(start) - 1) : null;
  };

  return {
    count: total ?? null,
    next: next === undefined ? null : link(back ? 'before' : 'after', next),
    previous: await previous(),
    results: items,
  };
}

/** Absolute links that ask the same of the next page. A time that bounds the whole list stays beside the id that bounds the page. */
function linksTo(origin: string, url: string, { after, before }: ListAsk) {
  return (cursor: 'after' | 'before', id: number): string => {
    const { pathname, search } = new URL(url, 'http://unused.invalid');
    const query = new URLSearchParams(search);
    keepTime(query, 'created_after', after, 1);
    keepTime(query, 'created_before', before, -1);
    query.set(cursor, String(id));
    return `${origin}${pathname}?${query.toString()}`;
  };
}

function keepTime(query: URLSearchParams, name: string, bound: ListAsk['after'], step: number): void {
  const at = exclusive(bound, step);
  if (!at) return;
  query.delete(step > 0 ? 'after' : 'before');
  query.set(name, at.toISOString());
}

function idIn(bound: ListAsk['after']): number | undefined {
  return bound && 'id' in bound ? bound.id : undefined;
}

/** The first moment that is not cut off. Times are told in milliseconds. */
function exclusive(bound: ListAsk['after'], step: number): Date | undefined {
  return bound && 'at' in bound ? new Date(bound.at.getTime() + step) : undefined;
}

function later(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a && b ? (a > b ? a : b) : (a ?? b);
}

function earlier(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a && b ? (a < b ? a : b) : (a ?? b);
}
