import type { Rejection } from '@switchboard/protocol';
import type { RestReply } from '../rest.ts';
import { retryAfterSeconds, retryHeaders, statusOf } from '../rest-error.ts';
import { tooLong } from './rest-fields.ts';

/** What Django REST Framework names in two of its texts. */
export interface RefusedRequest {
  readonly method?: string;
  readonly contentType?: string;
}

/** The words of Django REST Framework and simplejwt: `{detail}`, or field → complaints. */
export function presentChannelsError(rejection: Rejection, request: RefusedRequest = {}): RestReply {
  const fault = faultOfField(rejection);
  if (fault) return { status: 400, body: fault };
  const status = statusOf(rejection);
  const body = bodyOf(rejection, request);
  if (status === 401) return { status, body, headers: { 'WWW-Authenticate': 'Bearer realm="api"' } };
  return { status, body, ...retryHeaders(rejection) };
}

function bodyOf(rejection: Rejection, request: RefusedRequest): unknown {
  switch (rejection.code) {
    case 'INVALID_DATA':
      return fieldList(rejection) ?? { detail: rejection.message };
    case 'UNAUTHORIZED':
    case 'AUTH_REQUIRED':
      return unauthorized(rejection);
    case 'PERMISSION_DENIED':
      return { detail: permission(rejection) };
    case 'NOT_FOUND':
    case 'USER_NOT_FOUND':
    case 'ROOM_NOT_FOUND':
    case 'CALL_NOT_FOUND':
      return { detail: 'Not found.' };
    case 'METHOD_NOT_ALLOWED':
      return { detail: `Method "${(request.method ?? '').toUpperCase()}" not allowed.` };
    case 'UNSUPPORTED_MEDIA_TYPE':
      return { detail: `Unsupported media type "${(request.contentType ?? '').slice(0, 100)}" in request.` };
    case 'RATE_LIMITED':
      return { detail: throttled(retryAfterSeconds(rejection) ?? 1) };
    case 'INTERNAL':
      return { detail: 'A server error occurred.' };
    case 'SERVICE_UNAVAILABLE':
      return { detail: 'Service temporarily unavailable, try again later.' };
    default:
      return { detail: rejection.message };
  }
}

function unauthorized({ detail }: Rejection): unknown {
  switch (detail) {
    case 'bad_credentials':
      return { detail: 'No active account found with the given credentials' };
    case 'bad_refresh_token':
      return { detail: 'Token is invalid', code: 'token_not_valid' };
    case 'user_deleted':
      return { detail: 'User not found', code: 'user_not_found' };
    case 'user_banned':
      return { detail: 'User is inactive', code: 'user_inactive' };
    case 'bad_token':
    case 'expired_token':
    case 'revoked_session':
      return {
        detail: 'Given token not valid for any token type',
        code: 'token_not_valid',
        messages: [
          { token_class: 'AccessToken', token_type: 'access', message: 'Token is invalid or expired' },
        ],
      };
    default:
      return { detail: 'Authentication credentials were not provided.' };
  }
}

/** Who made a room and what was tried on it is known to the service alone, so its text stands. */
function permission({ detail, message }: Rejection): string {
  return detail === undefined ? 'You do not have permission to perform this action.' : message;
}

function throttled(seconds: number): string {
  return `Request was throttled. Expected available in ${seconds} second${seconds === 1 ? '' : 's'}.`;
}

/** What is taken is a field's fault in this framework, not a conflict. Fields have the names of this vocabulary. */
function faultOfField({ detail }: Rejection): Record<string, string[]> | undefined {
  if (detail === 'email_taken') return { email: ['A user with this email already exists.'] };
  if (detail === 'username_taken') return { username: ['A user with that username already exists.'] };
  if (detail === 'name_taken') return { name: ['A room with this name already exists.'] };
  if (detail === 'bad_invitation') return { invitation_code: ['Invalid or expired invitation code.'] };
  return undefined;
}

interface Complaint {
  readonly rule: string;
  readonly message: string;
}

function fieldList({ fields }: Rejection): Record<string, string[]> | undefined {
  if (!fields) return undefined;
  return Object.fromEntries(
    Object.entries(fields).map(([field, complaints]) =>
      isOfWhole(field, complaints)
        ? ['non_field_errors', complaints.map(notADictionary)]
        : [field, complaints.map(fieldWords)],
    ),
  );
}

/** The fields of this vocabulary complain in its words; the domain, whose complaints continue a field's name, in ours. */
function fieldWords({ rule, message }: Complaint): string {
  if (rule === 'required') return 'This field is required.';
  if (rule === 'blank') return 'This field may not be blank.';
  const max = /^must not exceed (\d+) characters$/.exec(message)?.[1];
  if (max !== undefined) return tooLong(Number(max));
  return /^must\b/.test(message) ? 'Enter a valid value.' : message;
}

/** The body is JSON, and no object. */
function isOfWhole(field: string, complaints: readonly Complaint[]): boolean {
  return field === 'body' && complaints.every(({ rule }) => rule === 'invalid_type');
}

const PYTHON_TYPES: Readonly<Record<string, string>> = {
  string: 'str',
  number: 'int',
  boolean: 'bool',
  array: 'list',
  null: 'NoneType',
};

function notADictionary({ message }: Complaint): string {
  const received = /received (\w+)$/.exec(message)?.[1] ?? '';
  return `Invalid data. Expected a dictionary, but got ${PYTHON_TYPES[received] ?? received}.`;
}
