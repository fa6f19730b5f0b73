import fc from 'fast-check';

const WAYS = ['replace', 'remove', 'add', 'wrap', 'repeat', 'retype', 'rename'] as const;

interface Change {
  /** Which of the value's parts, counted from its root. */
  readonly at: number;
  readonly how: (typeof WAYS)[number];
  readonly value: unknown;
  readonly key: string;
}

type Path = readonly (string | number)[];

/** Values that something valid becomes when a few of its parts are changed; now and then it stays as it is. */
export function mutated<T>(valid: readonly T[], hostile: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const change = fc.record({
    at: fc.nat(),
    how: fc.constantFrom(...WAYS),
    value: hostile,
    key: fc.oneof(
      fc.constantFrom('to', 'userId', 'from', 'id', 'type', '$set', 'constructor', '', 'a.b', '\0'),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
  });
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(change, { minLength: 0, maxLength: 3 }))
    .map(([start, changes]) => changes.reduce<unknown>(apply, start));
}

function apply(value: unknown, change: Change): unknown {
  const paths = [...pathsIn(value)];
  return changedAt(value, paths[change.at % paths.length] ?? [], change);
}

/** Bounded: a part of a huge value is as good as another. */
function* pathsIn(value: unknown, path: Path = [], left = { count: 200 }): Generator<Path> {
  if (left.count <= 0) return;
  left.count -= 1;
  yield path;
  if (!isContainer(value) || path.length > 20) return;
  for (const [key, inner] of Object.entries(value)) yield* pathsIn(inner, [...path, key], left);
}

function changedAt(value: unknown, path: Path, change: Change): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return changed(value, change);
  if (!isContainer(value)) return value;
  if (rest.length > 0 || (change.how !== 'remove' && change.how !== 'rename')) {
    return withPart(value, head, changedAt((value as Record<string | number, unknown>)[head], rest, change));
  }
  if (Array.isArray(value)) return value.filter((_, index) => index !== Number(head));
  const others = Object.entries(value).filter(([key]) => key !== String(head));
  return Object.fromEntries(
    change.how === 'remove'
      ? others
      : [...others, [change.key, (value as Record<string | number, unknown>)[head]]],
  );
}

function changed(value: unknown, { how, value: hostile, key }: Change): unknown {
  switch (how) {
    case 'replace':
    case 'remove':
    case 'rename':
      return hostile;
    case 'add':
      if (Array.isArray(value)) return [...value, hostile];
      return isContainer(value) ? { ...value, [key]: hostile } : hostile;
    case 'wrap':
      return key.length % 2 === 0 ? [value] : { [key]: value };
    case 'repeat':
      return Array.isArray(value) ? [...value, ...value] : [value, value];
    case 'retype':
      return retyped(value);
  }
}

function retyped(value: unknown): unknown {
  if (typeof value === 'string') return /^\d+$/.test(value) ? Number(value) : value.split('').slice(0, 5);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'true' : 0;
  return JSON.stringify(value)?.slice(0, 1000);
}

function withPart(value: object, key: string | number, part: unknown): unknown {
  if (Array.isArray(value)) return value.map((old, index) => (index === Number(key) ? part : old));
  return { ...value, [key]: part };
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value);
}
