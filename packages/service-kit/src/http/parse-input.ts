import { type Rejection, SwitchboardError } from '@switchboard/protocol';
import type { z } from 'zod';

/** A hostile list can hold thousands of faults; a client needs the first few. */
const MAX_ISSUES = 20;

/** Parses one part of a request. @throws SwitchboardError INVALID_DATA with the offending fields; names and rules, never values. */
export function parseInput(schema: z.ZodType, input: unknown): unknown {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new SwitchboardError(invalidFields(parsed.error));
}

/** @param error Of a parse with `reportInput`, so that absent fields are told from wrong ones. */
export function invalidFields(error: z.core.$ZodError): Rejection {
  const fields = new Map<string, { rule: string; message: string }[]>();
  for (const issue of error.issues.slice(0, MAX_ISSUES)) {
    const name = issue.path.map(String).join('.') || 'body';
    fields.set(name, [...(fields.get(name) ?? []), complaint(issue)]);
  }
  const [first] = fields;
  const message = first ? `Invalid data: ${first[0]} ${first[1][0]?.message ?? ''}`.trim() : 'Invalid data';
  return { code: 'INVALID_DATA', message, fields: Object.fromEntries(fields), retryable: false };
}

function complaint(issue: z.core.$ZodIssue): { rule: string; message: string } {
  if (issue.code === 'custom') {
    return { rule: String(issue.params?.rule ?? 'invalid'), message: issue.message };
  }
  if (issue.input === undefined) return { rule: 'required', message: 'is required' };
  return { rule: issue.code, message: issue.message };
}
