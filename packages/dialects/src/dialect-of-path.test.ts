import { describe, expect, it } from 'vitest';
import { dialectOfPath } from './dialect-of-path.ts';

describe('dialectOfPath', () => {
  it.each([
    ['/auth/login', 'peer'],
    ['/auth/login/', 'channels'],
    ['/auth/login?next=/x/', 'peer'],
    ['/auth/logout/', 'channels'],
    ['/auth/profile', 'channels'],
    ['/auth/token/refresh', 'channels'],
    ['/api/auth/profile/', 'channels'],
    ['/api/auth/login/', 'channels'],
    ['/api/auth/login', 'rooms'],
    ['/api/auth/signup', 'rooms'],
    ['/api/auth/refresh-token', 'expo'],
    ['/api/auth/expo-push-token', 'expo'],
    ['/api/rooms', 'rooms'],
    ['/api/rooms/', 'channels'],
    ['/api/rooms/7/messages', 'rooms'],
    ['/api/rooms/7/messages/', 'channels'],
    ['/api/rooms/7', 'channels'],
    ['/api/rooms/7/', 'channels'],
    ['/api/call/history', 'expo'],
    ['/api/chat/history/2', 'expo'],
    ['/api/messages', 'jitsi'],
    ['/api/login', 'jitsi'],
    ['/api/users', 'jitsi'],
    ['/api/users/search', 'peer'],
    ['/admin/invitations/', 'peer'],
    ['/admin/calls', 'native'],
    ['/admin/calls/7/rings', 'native'],
    ['/admin/webhooks', 'native'],
    ['/ws/chat/7/', 'channels'],
    ['/api/v1/auth/login', 'native'],
    ['/authentic', 'native'],
    ['/', 'native'],
    ['', 'native'],
  ])('%s is said as %s', (path, dialect) => {
    expect(dialectOfPath('GET', path)).toBe(dialect);
  });

  it('takes any path in linear time', () => {
    const started = performance.now();
    dialectOfPath('GET', `/auth/${'a/'.repeat(200_000)}x`);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
