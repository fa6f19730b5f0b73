import type { z } from 'zod';
import type { Frame } from '../dialect.ts';

export type OutboundTable = Readonly<
  Record<string, { readonly schema: z.ZodType; readonly summary: string }>
>;

/** Makes frames whose payload the compiler checks against the table's schema for that event. */
export function frames<T extends OutboundTable>(_table: T) {
  return <N extends keyof T & string>(event: N, payload: z.input<T[N]['schema']>): Frame => ({
    event,
    args: [payload],
  });
}

/** `{name: value}` when there is a value, nothing otherwise: absent is not the same as undefined on every wire. */
export function given<N extends string, V>(name: N, value: V | undefined): { [K in N]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [K in N]: V });
}
