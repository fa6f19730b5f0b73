import { jsonBytes, LIMITS } from '@switchboard/protocol';
import { z } from 'zod';

/** Something opaque that we relay verbatim: any JSON but null, at most `maxBytes` of UTF-8 JSON. */
function opaque(maxBytes: number) {
  return z
    .unknown()
    .refine((value) => value !== undefined && value !== null, {
      error: 'is required',
      params: { rule: 'required' },
    })
    .refine((value) => jsonBytes(value) <= maxBytes, {
      error: `must not exceed ${maxBytes} bytes`,
      params: { rule: 'too_big' },
    });
}

export const Description = opaque(LIMITS.descriptionBytes);
export const Candidate = opaque(LIMITS.candidateBytes);

/** A message's text: not blank, relayed as written. */
export const Text = z
  .string()
  .refine((text) => text.trim() !== '', { error: 'must not be blank', params: { rule: 'blank' } })
  .refine((text) => jsonBytes(text) <= LIMITS.textBytes, {
    error: `must not exceed ${LIMITS.textBytes} bytes`,
    params: { rule: 'too_big' },
  });
