import type { Dialect, EncodeContext, Frame } from '@switchboard/dialects';
import type { Delivery, DialectName } from '@switchboard/protocol';
import type { Tongue } from './rooms.ts';

/** The vocabularies in which a tongue is spoken to; an undeclared one in each of Socket.IO's, but in one spelling. */
export function vocabularies(
  dialects: ReadonlyMap<DialectName, Dialect>,
  tongue: Tongue,
  only?: (dialect: DialectName) => boolean,
): Dialect[] {
  return [...dialects.values()].filter(
    (dialect) =>
      (tongue === 'undeclared'
        ? dialect.transport === 'socket.io' && dialect.variantOf === undefined
        : tongue === dialect.name) &&
      (only === undefined || only(dialect.name)),
  );
}

/** Every frame of a delivery for one tongue; equal event names never meet, for vocabularies share only `error`. */
export function framesFor(
  spoken: readonly Dialect[],
  delivery: Delivery,
  context: EncodeContext,
): readonly Frame[] {
  return spoken.flatMap((dialect) => dialect.encode(delivery, context));
}
