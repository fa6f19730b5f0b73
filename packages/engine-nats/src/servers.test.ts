import { describe, expect, it } from 'vitest';
import { inboxPrefixOf, readServers } from './servers.ts';

describe('NATS_URL', () => {
  it.each([
    ['nats://localhost:4222', { hosts: ['localhost:4222'], tls: false }],
    ['tls://a:1,b:2', { hosts: ['a:1', 'b:2'], tls: true }],
    [
      'nats://chat:p%40ss@a:1,nats://chat:p%40ss@b:2, c:3',
      { hosts: ['a:1', 'b:2', 'c:3'], user: 'chat', password: 'p@ss', tls: false },
    ],
  ])('%s', (url, servers) => {
    expect(readServers(url)).toEqual(servers);
  });

  it.each([
    ['call-signaling_2', '_INBOX_call-signaling_2'],
    [undefined, undefined],
    ['', undefined],
    ['a.b', undefined],
    ['a b', undefined],
    ['*', undefined],
    ['>', undefined],
  ])('the inboxes of the user %j begin with %j', (user, prefix) => {
    expect(inboxPrefixOf(user)).toBe(prefix);
  });
});
