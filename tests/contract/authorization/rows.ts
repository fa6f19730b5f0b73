/** Who asks. */
export const ACTORS = [
  /** No token at all. */
  'anonymous',
  /** A token that was good, past its `exp`. */
  'expired',
  /** An account that an administrator closed. */
  'banned',
  /** An account that has to do with nothing in the scene. */
  'stranger',
  /** In the conversation or the room. */
  'member',
  /** Who began the conversation, made the room, opened the session. */
  'creator',
  'caller',
  'callee',
  'admin',
] as const;
export type Actor = (typeof ACTORS)[number];

/** `yes`: it is done. A number: refused as HTTP would word it, also on sockets. */
export type Verdict = 'yes' | 400 | 401 | 403 | 404 | 409;

/** What each actor gets. */
export type Row = Readonly<Record<Actor, Verdict>>;

/** One row, written in the order of `ACTORS`. */
export function row(cells: string): Row {
  const words = cells.trim().split(/\s+/);
  if (words.length !== ACTORS.length) throw new TypeError(`a row has ${ACTORS.length} cells: ${cells}`);
  const verdicts = words.map((word) => (word === 'yes' ? word : (Number(word) as Verdict)));
  return Object.fromEntries(ACTORS.map((actor, index) => [actor, verdicts[index]])) as Row;
}

export interface Rule {
  readonly row: Row;
  /** What a stranger asks for looks the same whether or not it is there. */
  readonly hidden: boolean;
}

export interface Group {
  readonly row: Row;
  readonly hidden?: boolean;
  readonly operations: readonly string[];
}

/** @throws TypeError when an operation stands in two groups. */
export function table(groups: readonly Group[]): ReadonlyMap<string, Rule> {
  const rules = new Map<string, Rule>();
  for (const { row: cells, hidden = false, operations } of groups) {
    for (const operation of operations) {
      if (rules.has(operation)) throw new TypeError(`${operation} is listed twice`);
      rules.set(operation, { row: cells, hidden });
    }
  }
  return rules;
}
