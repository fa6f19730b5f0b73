import { decode } from '../bson/decode.ts';
import { encode } from '../bson/encode.ts';
import type { Doc, Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileFilter, type Filter } from '../query/filter.ts';
import type { Positions } from '../query/path-match.ts';
import { type Plan, planQuery } from '../query/planner.ts';
import { compileProjection, type Projection } from '../query/projection.ts';
import { parseSort, type SortField, sortKey } from '../query/sort.ts';
import type { Collection } from '../store/collection.ts';
import type { Connection } from '../store/connection.ts';
import { Candidates } from './candidates.ts';
import type { Counters } from './counters.ts';
import type { Pace } from './pace.ts';

/** As MongoDB's limit for a sort without an index. */
const MAX_SORT_BYTES = 100 * 1024 * 1024;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

export interface FindRequest {
  readonly filter: Doc;
  readonly sort?: Value | undefined;
  readonly projection?: Value | undefined;
  readonly skip?: number;
  /** 0 is without limit. */
  readonly limit?: number;
  readonly hint?: Value | undefined;
}

export interface Match {
  readonly rid: number;
  readonly bytes: Buffer;
  readonly document: Doc;
}

/** A query under way: the rest of it waits in memory between batches. */
export class FindRun {
  readonly plan: Plan;
  /** Documents that were decoded and held against the filter. */
  examined = 0;
  private readonly counters: Counters;
  private readonly filter: Filter;
  private readonly projection: Projection | undefined;
  private readonly sort: readonly SortField[];
  private readonly candidates: Candidates;
  private chunk: { readonly rid: number; readonly bytes: Buffer }[] = [];
  private ordered: Match[] | undefined;
  private toSkip: number;
  private remaining: number;
  private ended = false;

  constructor(connection: Connection, counters: Counters, collection: Collection, request: FindRequest) {
    this.counters = counters;
    this.filter = compileFilter(request.filter);
    this.projection = compileProjection(request.projection);
    this.sort = parseSort(request.sort);
    this.toSkip = request.skip ?? 0;
    this.remaining =
      request.limit === undefined || request.limit === 0 ? Number.POSITIVE_INFINITY : request.limit;
    const limited = Number.isFinite(this.remaining);
    this.plan = planQuery(collection, {
      query: request.filter,
      sort: this.sort,
      limited,
      hint: request.hint,
    });
    const expected = this.plan.sorted && limited ? this.toSkip + this.remaining : undefined;
    this.candidates = new Candidates(connection, collection, this.plan, expected);
  }

  /** The matched array positions of a document that this query found. */
  positions(document: Doc): Positions | undefined {
    return this.filter.positions(document);
  }

  /** The row numbers of everything that is found. */
  async rids(pace: Pace): Promise<number[]> {
    const result: number[] = [];
    for (let match = await this.next(pace); match !== undefined; match = await this.next(pace))
      result.push(match.rid);
    return result;
  }

  get done(): boolean {
    return this.ended;
  }

  /** Up to `count` matching documents, projected and encoded; fewer when they grow large or the query ends. */
  async batch(count: number, pace: Pace): Promise<Buffer[]> {
    const result: Buffer[] = [];
    let bytes = 0;
    while (result.length < count && bytes < MAX_BATCH_BYTES) {
      const match = await this.next(pace);
      if (match === undefined) break;
      const output = this.project(match);
      result.push(output);
      bytes += output.length;
    }
    return result;
  }

  /** The next match after skip, within limit and in order; undefined at the end. */
  async next(pace: Pace): Promise<Match | undefined> {
    while (!this.ended) {
      if (this.remaining <= 0) break;
      const match = this.plan.sorted ? await this.nextMatch(pace) : await this.nextOrdered(pace);
      if (match === undefined) break;
      if (this.toSkip > 0) {
        this.toSkip--;
        continue;
      }
      this.remaining--;
      if (this.remaining <= 0) this.ended = true;
      return match;
    }
    this.ended = true;
    return undefined;
  }

  private async nextMatch(pace: Pace): Promise<Match | undefined> {
    while (true) {
      const stored = this.chunk.pop();
      if (stored === undefined) {
        if (pace.due) await pace.yield();
        const chunk = this.candidates.next();
        if (chunk === undefined) return undefined;
        this.chunk = chunk.reverse();
        continue;
      }
      this.examined++;
      this.counters.add('docsExamined');
      const document = decode(stored.bytes);
      if (this.filter.matches(document)) return { ...stored, document };
    }
  }

  private async nextOrdered(pace: Pace): Promise<Match | undefined> {
    this.ordered ??= (await this.collectOrdered(pace)).reverse();
    return this.ordered.pop();
  }

  /** Sorts everything, or with a limit only as much as can still be wanted. */
  private async collectOrdered(pace: Pace): Promise<Match[]> {
    const wanted = this.toSkip + this.remaining;
    let kept: { key: Buffer; match: Match }[] = [];
    let bytes = 0;
    const trim = (): void => {
      kept.sort((a, b) => Buffer.compare(a.key, b.key));
      kept = kept.slice(0, wanted);
      bytes = kept.reduce((sum, { match }) => sum + match.bytes.length, 0);
    };
    for (let match = await this.nextMatch(pace); match !== undefined; match = await this.nextMatch(pace)) {
      kept.push({ key: sortKey(match.document, this.sort), match });
      bytes += match.bytes.length;
      if (kept.length > wanted * 2 + 100 || (bytes > MAX_SORT_BYTES && kept.length > wanted)) trim();
      if (bytes > MAX_SORT_BYTES) {
        throw new CommandError(292, 'Sort exceeded memory limit of 104857600 bytes; add an index or a limit');
      }
    }
    trim();
    return kept.map(({ match }) => match);
  }

  private project({ bytes, document }: Match): Buffer {
    if (this.projection === undefined) return bytes;
    return encode(this.projection(document, this.filter.positions(document)));
  }
}
