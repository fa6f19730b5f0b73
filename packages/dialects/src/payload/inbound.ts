import { type Command, ok, reject, withinDepth } from '@switchboard/protocol';
import type { z } from 'zod';
import type { DecodeContext, InboundEvent } from '../dialect.ts';
import { invalidData } from './invalid-data.ts';

const TOO_DEEP = reject('INVALID_DATA', 'Invalid data: payload is nested too deeply', {
  fields: { payload: [{ rule: 'too_deep', message: 'is nested too deeply' }] },
});

/**
 * An inbound event with one object as its payload. Everything that can be refused is refused by the schema;
 * `command` only renames. Depth is checked before anything walks the value. `read` makes that object of the arguments where a vocabulary also takes them bare or
 * by position.
 */
export function inbound<S extends z.ZodType>(event: {
  readonly summary: string;
  readonly schema: S;
  readonly anonymous?: boolean;
  readonly read?: (args: readonly unknown[], context: DecodeContext) => unknown;
  readonly command: (payload: z.output<S>, context: DecodeContext) => Command;
}): InboundEvent {
  return {
    summary: event.summary,
    schema: event.schema,
    ...(event.anonymous ? { anonymous: true } : {}),
    decode(args, context) {
      const { read } = event;
      if (!(read ? args : args.slice(0, 1)).every((arg) => withinDepth(arg))) return TOO_DEEP;
      const payload = read ? read(args, context) : args[0];
      const parsed = event.schema.safeParse(payload, { reportInput: true });
      return parsed.success ? ok(event.command(parsed.data, context)) : invalidData(parsed.error);
    },
  };
}
