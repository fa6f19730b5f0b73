import fc from 'fast-check';
import { fixtures } from '../../../packages/dialects/src/fixtures/all.ts';
import type { Dialect } from '../../../packages/dialects/src/index.ts';
import { inScene, type Scene } from '../in-scene.ts';
import { mutated } from './mutate.ts';
import { hostileArgument } from './values.ts';

export interface EventCase {
  readonly event: string;
  readonly args: readonly unknown[];
}

/** A frame beyond the bound closes its socket, as it should; these are to be answered. */
const MAX_BYTES = 120 * 1024;

const unknownEvent = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'x'.repeat(5000),
    'message ',
    'JOIN',
    '*',
    '\0',
    '\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }).filter((name) => !RESERVED.has(name)),
);

/** The client library sends none of these. */
const RESERVED = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);

/** Events as they should be, with something or everything wrong with them; every so often one that does not exist. */
export function eventCases({ name }: Dialect, event: string, scene: Scene): fc.Arbitrary<EventCase> {
  const golden = fixtures.get(name);
  const lists = [...(golden?.inbound ?? []), ...(golden?.refused ?? [])]
    .filter((fixture) => fixture.event === event)
    .map(({ args }) => inScene(args, scene) as unknown[]);
  const args = mutated(lists.length > 0 ? lists : [[{}]], hostileArgument)
    .map((list) => (Array.isArray(list) ? list : [list]))
    .map((list) => list.slice(0, 20))
    .filter((list) => bytes(list) < MAX_BYTES);
  return fc.record({
    event: fc.oneof({ weight: 30, arbitrary: fc.constant(event) }, { weight: 1, arbitrary: unknownEvent }),
    args,
  });
}

function bytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}
