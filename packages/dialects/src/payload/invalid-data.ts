import { type Result, reject } from '@switchboard/protocol';
import type { z } from 'zod';

/** A hostile list can hold thousands of faults; a client needs the first few. */
const MAX_FIELDS = 20;

/**
 * zod's complaints as INVALID_DATA. Names fields and rules, never values: a payload may hold text or descriptions.
 * Parse with `reportInput` so that absent fields are told apart from wrong ones.
 */
export function invalidData(error: z.core.$ZodError): Result<never> {
  const fields = new Map<string, { rule: string; message: string }[]>();
  for (const issue of error.issues.slice(0, MAX_FIELDS)) {
    const path = issue.path.map(String).join('.') || 'payload';
    const complaints = fields.get(path) ?? [];
    complaints.push(complaint(issue));
    fields.set(path, complaints);
  }
  const [first] = fields;
  const message = first
    ? `Invalid data: ${fieldSentence(first[0], first[1][0]?.message ?? '')}`
    : 'Invalid data';
  return reject('INVALID_DATA', message, { fields: Object.fromEntries(fields) });
}

function complaint(issue: z.core.$ZodIssue): { rule: string; message: string } {
  if (issue.code === 'custom') {
    return { rule: String(issue.params?.rule ?? 'invalid'), message: issue.message };
  }
  if (issue.input === undefined) return { rule: 'required', message: 'is required' };
  return { rule: issue.code, message: issue.message };
}

/** Our own complaints continue the field's name; zod's are sentences of their own. */
export function fieldSentence(path: string, message: string): string {
  return /^[A-Z]/.test(message) ? `${path}: ${message}` : `${path} ${message}`;
}
