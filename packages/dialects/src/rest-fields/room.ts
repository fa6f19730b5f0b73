import { LIMITS } from '@switchboard/protocol';
import { z } from 'zod';

/** Bounds alone, as the contract shows them; which characters a name may hold is the service's to say. */
export const RoomName = z
  .string()
  .trim()
  .max(LIMITS.roomNameLength)
  .refine((name) => name !== '', { error: 'must not be blank', params: { rule: 'blank' } });

export const RoomDescription = z.string().trim().max(LIMITS.roomDescriptionLength);

/** `?search=`: somewhere inside a room's name. */
export const RoomSearch = z.string().trim().max(LIMITS.roomNameLength);
