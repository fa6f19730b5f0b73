import { LIMITS } from '@switchboard/protocol';
import { z } from 'zod';
import { MessageIdInput } from '../payload/ids.ts';

/** `?limit=`: a page size, cut down to the greatest we serve. */
export const Limit = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, { error: 'must be a positive integer' })
  .default(String(LIMITS.pageDefault))
  .transform((limit) => Math.min(Number(limit), LIMITS.pageMax));

/** `?before=`: a message id or an ISO timestamp. */
export const Before = z.union(
  [
    MessageIdInput.transform((messageId) => ({ by: 'id' as const, messageId })),
    z.iso
      .datetime({ offset: true })
      .transform((at) => ({ by: 'time' as const, at: new Date(at).toISOString() })),
  ],
  { error: 'must be a message id or an ISO 8601 timestamp' },
);
export type Before = z.infer<typeof Before>;

/** `?before=`, `?after=` as sequence numbers. */
export const Seq = z
  .string()
  .regex(/^\d{1,15}$/, { error: 'must be a non-negative integer' })
  .transform(Number);
