/** Which unique index a write ran into. */
export interface DuplicateKey {
  /** Name of the index. */
  readonly index: string;
  /**
   * The index's fields. Of a bulk write the driver keeps the server's text only: then the fields are read from the index's name, if
   * MongoDB chose it (`name_1_age_-1`), and are empty otherwise.
   */
  readonly keyPattern: Readonly<Record<string, unknown>>;
  /** The values in the way; empty for a bulk write. */
  readonly keyValue: Readonly<Record<string, unknown>>;
}

interface WriteError {
  readonly code?: unknown;
  readonly message?: string;
  readonly errmsg?: string;
  readonly keyPattern?: unknown;
  readonly keyValue?: unknown;
}

const DUPLICATE_KEY = 11_000;
/** The server's text up to the values, which are a client's and could hold anything. */
const TEXT =
  /^(?:Plan executor error during \w+ :: caused by :: )?E11000 duplicate key error collection: \S+ index: (\S+) dup key/;

/**
 * Undefined for any error but a duplicate key. Of a bulk write, the first failure speaks.
 * @param error What the driver or mongoose threw.
 */
export function duplicateKey(error: unknown): DuplicateKey | undefined {
  if (error === null || typeof error !== 'object') return undefined;
  const failure = error as WriteError;
  if (failure.code !== DUPLICATE_KEY) return undefined;
  const text = [failure.errmsg, failure.message].find((each) => typeof each === 'string');
  const index = TEXT.exec(text ?? '')?.[1];
  const keyPattern = isRecord(failure.keyPattern) ? failure.keyPattern : fieldsOf(index);
  if (index === undefined && !isRecord(failure.keyPattern)) return undefined;
  return { index: index ?? '', keyPattern, keyValue: isRecord(failure.keyValue) ? failure.keyValue : {} };
}

/** `name_1_age_-1` → `{name: 1, age: -1}`. */
function fieldsOf(index = ''): Record<string, number> {
  if (index === '_id_') return { _id: 1 };
  const fields: Record<string, number> = {};
  let rest = index;
  while (rest !== '') {
    const [whole, field, direction] = /^(.+?)_(-?1)(?:_|$)/.exec(rest) ?? [];
    if (whole === undefined || field === undefined) return {};
    fields[field] = Number(direction);
    rest = rest.slice(whole.length);
  }
  return fields;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object';
}
