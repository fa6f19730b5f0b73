import { describe, expect, it } from 'vitest';
import { readRawPath } from './raw-path.ts';
import { readRawToken, selectSubprotocol } from './raw-token.ts';

describe('the token of an upgrade', () => {
  const read = (headers: Record<string, string>, query = '') =>
    readRawToken(headers, new URLSearchParams(query));

  it('is in the header, else in the query, else behind `bearer` among the subprotocols', () => {
    const everywhere = { authorization: 'Bearer one', 'sec-websocket-protocol': 'bearer, three' };
    expect(read(everywhere, 'token=two')).toBe('one');
    expect(read({ ...everywhere, authorization: 'Basic xyz' }, 'token=two')).toBe('two');
    expect(read({ 'sec-websocket-protocol': 'bearer, three' }, 'token=')).toBe('three');
    expect(read({ 'sec-websocket-protocol': 'chat,Bearer,three' })).toBe('three');
    expect(read({ 'sec-websocket-protocol': 'bearer' })).toBeUndefined();
    expect(read({ 'sec-websocket-protocol': 'three' })).toBeUndefined();
    expect(read({})).toBeUndefined();
    expect(read({}, `token=${'x'.repeat(9_000)}`)).toBe('oversize');
  });

  it('is never the subprotocol that is selected', () => {
    expect(selectSubprotocol(new Set(['bearer', 'token']))).toBe('bearer');
    expect(selectSubprotocol(new Set(['chat', 'Bearer', 'token']))).toBe('Bearer');
    expect(selectSubprotocol(new Set(['token']))).toBe(false);
  });
});

describe('the path of an upgrade', () => {
  it('names a room, with its slash or without', () => {
    expect(readRawPath('/ws/chat/12/?token=a%2Bb')?.query.get('token')).toBe('a+b');
    expect(readRawPath('/ws/chat/12/')?.room).toBe('12');
    expect(readRawPath('/ws/chat/12')?.room).toBe('12');
  });

  it('may name one that cannot be', () => {
    for (const name of ['0', '-1', 'x', '1e3', '007', '%31', '9'.repeat(16)]) {
      expect(readRawPath(`/ws/chat/${name}/`)).toMatchObject({ room: undefined });
    }
  });

  it('is nothing of ours otherwise', () => {
    for (const path of [
      '',
      '/',
      '//',
      '/ws',
      '/ws/chat',
      '/ws/chat/',
      '/ws/chat/1/2/',
      '/api/ws/chat/1/',
      '/WS/chat/1/',
    ]) {
      expect(readRawPath(path)).toBeUndefined();
    }
  });
});
