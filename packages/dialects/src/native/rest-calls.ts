import { CallEndReason, CallId, CallQuality } from '@switchboard/protocol';
import { z } from 'zod';
import { CallIdInput, UserIdInput } from '../payload/ids.ts';
import { missing } from '../payload/required.ts';
import { Limit } from '../rest-fields/page.ts';
import type { RestTable } from '../rest-operation.ts';
import * as reply from './rest-calls-schema.ts';
import { NativeError } from './rest-schema.ts';

const user = { dialect: 'native', access: 'user' } as const;
const admin = { dialect: 'native', access: 'admin' } as const;
const refused = { 400: NativeError, 401: NativeError, 403: NativeError, 429: NativeError, 503: NativeError };

const CallPath = z.object({ id: CallIdInput });
/** Any offset; out comes UTC. */
const Moment = z.iso.datetime({ offset: true }).transform((at) => new Date(at).toISOString());

/** Longest range of one report. */
const REPORT_DAYS = 31;
const DAY_MS = 86_400_000;

const range = { from: Moment.optional(), to: Moment.optional() };
const inOrder = ({ from, to }: { from?: string | undefined; to?: string | undefined }): boolean =>
  from === undefined || to === undefined || from < to;
const backwards = {
  error: 'must be after from',
  path: ['to'],
  params: { rule: 'invalid' },
};

/** Calls that were, for their parties and for administrators. */
export const nativeCallsRest = {
  listCalls: {
    ...user,
    method: 'get',
    path: '/api/v1/calls',
    summary: 'One’s calls, newest first; `before` is the id of the last one seen.',
    query: z.object({ before: CallId.optional(), limit: Limit }),
    replies: { 200: reply.NativeCalls, ...refused },
  },
  getCall: {
    ...user,
    method: 'get',
    path: '/api/v1/calls/:id',
    summary: 'One of one’s calls; to a callee with what is known of how it rang on each of their devices.',
    params: CallPath,
    replies: { 200: reply.NativeCall, ...refused, 404: NativeError },
  },
  reportCallQuality: {
    ...user,
    method: 'post',
    path: '/api/v1/calls/:id/quality',
    summary:
      'What one’s own side of an answered call measured, up to an hour after its end; a later report takes the place of an earlier one.',
    params: CallPath,
    body: CallQuality.refine((given) => Object.keys(given).length > 0, missing('roundTripMs')),
    replies: { 200: reply.NativeQualityTaken, ...refused, 404: NativeError, 409: NativeError },
  },
  searchCalls: {
    ...admin,
    method: 'get',
    path: '/admin/calls',
    summary:
      'A page of everybody’s calls, newest first: of one user, of a time, with one end reason; `before` is the id of the last one seen.',
    query: z
      .object({
        user: UserIdInput.optional(),
        ...range,
        reason: CallEndReason.optional(),
        before: CallIdInput.optional(),
        limit: Limit,
      })
      .refine(inOrder, backwards),
    replies: { 200: reply.AdminCalls, ...refused },
  },
  callQuality: {
    ...admin,
    method: 'get',
    path: '/admin/calls/quality',
    summary: `How calls went and sounded that began in a range of at most ${REPORT_DAYS} days; the last day when none is given.`,
    query: z
      .object(range)
      .refine(inOrder, backwards)
      .refine(
        ({ from, to }) =>
          from === undefined || to === undefined || Date.parse(to) - Date.parse(from) <= REPORT_DAYS * DAY_MS,
        { error: `must be at most ${REPORT_DAYS} days after from`, path: ['to'], params: { rule: 'max' } },
      ),
    replies: { 200: reply.AdminCallQuality, ...refused },
  },
  callRings: {
    ...admin,
    method: 'get',
    path: '/admin/calls/:id/rings',
    summary: 'How a call rang: each callee, each of their devices, and why it did or did not ring.',
    params: CallPath,
    replies: { 200: reply.AdminCallRings, ...refused, 404: NativeError },
  },
} as const satisfies RestTable;
