import { DialectName, ErrorCode, type Rejection } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { dialects, presentRestError, presentRestErrorAt, socketErrorFrames } from './registry.ts';

const rejection = (code: ErrorCode, more: Partial<Rejection> = {}): Rejection => ({
  code,
  message: 'Said plainly',
  retryable: false,
  ...more,
});

const STATUS: readonly (readonly [ErrorCode, number])[] = [
  ['INVALID_DATA', 400],
  ['UNAUTHORIZED', 401],
  ['AUTH_REQUIRED', 401],
  ['PERMISSION_DENIED', 403],
  ['NOT_FOUND', 404],
  ['USER_NOT_FOUND', 404],
  ['CALL_NOT_FOUND', 404],
  ['ROOM_NOT_FOUND', 404],
  ['METHOD_NOT_ALLOWED', 405],
  ['CONFLICT', 409],
  ['PAYLOAD_TOO_LARGE', 413],
  ['UNSUPPORTED_MEDIA_TYPE', 415],
  ['RATE_LIMITED', 429],
  ['INTERNAL', 500],
  ['SERVICE_UNAVAILABLE', 503],
];

describe.each(DialectName.options)('errors of %s over HTTP', (name) => {
  it.each(STATUS)('%s is %i', (code, status) => {
    const reply = presentRestError(name)(rejection(code));
    expect(reply.status).toBe(status);
    expect(reply.headers?.['Retry-After']).toBe(status === 429 || status === 503 ? '1' : undefined);
  });

  it('has a body for every code', () => {
    for (const code of ErrorCode.options) {
      expect(presentRestError(name)(rejection(code)).body).toBeTypeOf('object');
    }
  });

  it('rounds Retry-After up', () => {
    const reply = presentRestError(name)(rejection('RATE_LIMITED', { retryAfterMs: 900_001 }));
    expect(reply.headers?.['Retry-After']).toBe('901');
  });
});

describe('error shapes by path', () => {
  const missing = rejection('NOT_FOUND');
  it.each([
    ['/auth/nowhere', { message: 'Said plainly', code: 'NOT_FOUND' }],
    ['/admin/nowhere', { message: 'Said plainly', code: 'NOT_FOUND' }],
    ['/api/rooms', { message: 'Said plainly', error: 'Said plainly', code: 'NOT_FOUND' }],
    ['/api/auth/login', { message: 'Said plainly', error: 'Said plainly', code: 'NOT_FOUND' }],
    ['/api/auth/register', { error: 'Said plainly', code: 'NOT_FOUND' }],
    ['/api/chat/history/2', { error: 'Said plainly', code: 'NOT_FOUND' }],
    [
      '/api/messages?with=2',
      { success: false, error: { code: 'NOT_FOUND', message: 'Said plainly' }, message: 'Said plainly' },
    ],
    ['/api/rooms/7/', { detail: 'Not found.' }],
    ['/auth/login/', { detail: 'Not found.' }],
    ['/api/v1/me', { error: { code: 'NOT_FOUND', message: 'Said plainly', retryable: false } }],
    ['/favicon.ico', { error: { code: 'NOT_FOUND', message: 'Said plainly', retryable: false } }],
  ])('%s', (path, body) => {
    expect(presentRestErrorAt(missing, { method: 'GET', path }).body).toStrictEqual(body);
  });
});

describe('the words of Django REST Framework', () => {
  const say = (code: ErrorCode, more: Partial<Rejection> = {}) =>
    presentRestError('channels', { method: 'put', contentType: 'text/plain' })(rejection(code, more));

  it.each([
    ['missing_token', { detail: 'Authentication credentials were not provided.' }],
    ['bad_credentials', { detail: 'No active account found with the given credentials' }],
    ['bad_refresh_token', { detail: 'Token is invalid', code: 'token_not_valid' }],
    ['user_deleted', { detail: 'User not found', code: 'user_not_found' }],
  ] as const)('401 %s', (detail, body) => {
    expect(say('UNAUTHORIZED', { detail })).toStrictEqual({
      status: 401,
      body,
      headers: { 'WWW-Authenticate': 'Bearer realm="api"' },
    });
  });

  it('401 of a bad token', () => {
    expect(say('UNAUTHORIZED', { detail: 'bad_token' }).body).toMatchObject({
      detail: 'Given token not valid for any token type',
      code: 'token_not_valid',
      messages: [{ token_type: 'access' }],
    });
  });

  it('names fields and their faults', () => {
    const fields = {
      email: [{ rule: 'required', message: 'is required' }],
      name: [{ rule: 'blank', message: 'must not be blank' }],
      password: [{ rule: 'other', message: 'This password is too common.' }],
    };
    expect(say('INVALID_DATA', { fields })).toStrictEqual({
      status: 400,
      body: {
        email: ['This field is required.'],
        name: ['This field may not be blank.'],
        password: ['This password is too common.'],
      },
    });
  });

  it.each([
    [say('CONFLICT', { detail: 'email_taken' }), 400, { email: ['A user with this email already exists.'] }],
    [
      say('INVALID_DATA', {
        detail: 'bad_invitation',
        fields: { invitationCode: [{ rule: 'invalid', message: 'is not valid' }] },
      }),
      400,
      { invitation_code: ['Invalid or expired invitation code.'] },
    ],
    [say('METHOD_NOT_ALLOWED'), 405, { detail: 'Method "PUT" not allowed.' }],
    [say('UNSUPPORTED_MEDIA_TYPE'), 415, { detail: 'Unsupported media type "text/plain" in request.' }],
    [say('INTERNAL'), 500, { detail: 'A server error occurred.' }],
    [say('PERMISSION_DENIED', { detail: 'not_creator' }), 403, { detail: 'Said plainly' }],
    [
      say('RATE_LIMITED', { retryAfterMs: 1500 }),
      429,
      { detail: 'Request was throttled. Expected available in 2 seconds.' },
    ],
  ])('%#', (reply, status, body) => {
    expect([reply.status, reply.body]).toStrictEqual([status, body]);
  });
});

describe('errors on sockets', () => {
  it.each(ErrorCode.options)('%s validates in every vocabulary, declared or not', (code) => {
    const socketio = [...dialects.values()].filter(({ transport }) => transport === 'socket.io');
    for (const dialect of [undefined, ...socketio]) {
      const frames = socketErrorFrames(rejection(code, { retryAfterMs: 5 }), dialect);
      expect(frames.at(-1)).toMatchObject({ event: 'error', args: [{ code, message: 'Said plainly' }] });
      for (const frame of frames)
        (dialect ?? dialects.get('jitsi'))?.outbound.get(frame.event)?.schema.parse(frame.args[0]);
    }
  });

  it('tells an undeclared socket that it must authenticate', () => {
    const events = socketErrorFrames(rejection('AUTH_REQUIRED')).map(({ event }) => event);
    expect(events).toStrictEqual(['auth:error', 'error']);
  });
});
