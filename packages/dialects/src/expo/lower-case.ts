import type { Dialect, Frame } from '../dialect.ts';

/**
 * The same vocabulary with every event name in lower case. Nothing but names differs, and schemas and meanings are shared, so it is made rather than
 * written. It is a dialect of its own because everything that reaches a socket is encoded for a room of sockets of one dialect, often on another
 * node: no place at the socket's own edge sees single frames that could still be renamed.
 */
export function inLowerCase(dialect: Dialect, name: Dialect['name']): Dialect {
  return {
    ...dialect,
    name,
    variantOf: dialect.name,
    inbound: lowerKeys(dialect.inbound),
    outbound: lowerKeys(dialect.outbound),
    encode: (delivery, context) => lowerFrames(dialect.encode(delivery, context)),
    error: (rejection) => lowerFrames(dialect.error(rejection)),
  };
}

export function lowerFrames(frames: readonly Frame[]): readonly Frame[] {
  return frames.map(({ event, args }) => ({ event: event.toLowerCase(), args }));
}

function lowerKeys<V>(table: ReadonlyMap<string, V>): ReadonlyMap<string, V> {
  return new Map([...table].map(([event, entry]) => [event.toLowerCase(), entry]));
}
