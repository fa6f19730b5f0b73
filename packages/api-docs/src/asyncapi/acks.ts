import { nativeAcks } from '@switchboard/dialects';
import { type DialectName, Rejection } from '@switchboard/protocol';
import { z } from 'zod';

const { code, message, retryAfterMs, fields } = Rejection.shape;
const accepted = { ok: z.literal(true), success: z.literal(true) };
const Refused = z.object({
  ok: z.literal(false),
  success: z.literal(false),
  error: z.object({ code, message, retryAfterMs, fields }),
});
const Ack = z.union([z.looseObject(accepted), Refused]);

/** What the vocabularies that say so in a schema add to a positive ack, by event. */
const ackFields: Partial<Record<DialectName, Readonly<Record<string, z.ZodObject>>>> = { native: nativeAcks };

/** What the ack function of an event is called with; `specific` when the vocabulary describes it event by event. */
export function ackOf(dialect: DialectName, event: string): { specific: boolean; schema: z.ZodType } {
  const own = ackFields[dialect]?.[event];
  return own
    ? { specific: true, schema: z.union([own.extend(accepted), Refused]) }
    : { specific: false, schema: Ack };
}
