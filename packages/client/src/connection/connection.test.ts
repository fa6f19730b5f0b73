import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { notSignedIn, SwitchboardError } from '../errors.ts';
import { FakeLines, refusal } from '../testing/fake-lines.ts';
import { Connection, type ConnectionState, type Credentials } from './connection.ts';

const BACKOFF = { baseMs: 100, maxMs: 1_000 };

const GOOD: Credentials = { token: async () => 'token', refresh: async () => 'fresh' };

function connectionOver(lines: FakeLines, credentials = GOOD) {
  const connection = new Connection(lines.open, credentials, { openTimeoutMs: 1_000, backoff: BACKOFF });
  const states: ConnectionState[] = [];
  connection.changes.on('state', (state) => states.push(state));
  return { connection, states };
}

beforeEach(() => {
  vi.useFakeTimers();
  // The longest pauses there can be.
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('a connection', () => {
  it('stands once the server has let it in and what has to be restored is restored', async () => {
    const lines = new FakeLines();
    const { connection, states } = connectionOver(lines);
    let restored = (): void => {};
    connection.restoreWith(() => new Promise((resolve) => (restored = resolve)));
    connection.connect();
    await vi.advanceTimersByTimeAsync(10);
    expect(states.map(({ status }) => status)).toEqual(['connecting']);
    expect(() => connection.current()).toThrow(SwitchboardError);
    restored();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.state).toEqual({ status: 'connected', deviceId: 'device-1' });
    expect(connection.current().line).toBe(lines.last);
  });

  it('does not stand on a line that broke while it was restored', async () => {
    const lines = new FakeLines();
    const { connection } = connectionOver(lines);
    const restored: (() => void)[] = [];
    connection.restoreWith(() => new Promise((resolve) => restored.push(resolve)));
    connection.connect();
    await vi.advanceTimersByTimeAsync(0);
    lines.last.lose();
    restored[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.state.status).toBe('waiting');
    await vi.advanceTimersByTimeAsync(100);
    restored[1]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.state).toEqual({ status: 'connected', deviceId: 'device-2' });
  });

  it('pauses longer and longer while it fails, and no shorter than the server asks for', async () => {
    const lines = new FakeLines();
    lines.refuse = (_, attempt) =>
      attempt === 4 ? refusal('SERVICE_UNAVAILABLE', { retryAfterMs: 5_000 }) : refusal('NETWORK');
    const { connection } = connectionOver(lines);
    connection.connect();
    const after = async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms);
      return lines.opened.length;
    };
    expect(await after(0)).toBe(1);
    expect([await after(99), await after(1)]).toEqual([1, 2]);
    expect([await after(199), await after(1)]).toEqual([2, 3]);
    expect([await after(399), await after(1)]).toEqual([3, 4]);
    expect(connection.state).toMatchObject({ status: 'waiting', error: { code: 'SERVICE_UNAVAILABLE' } });
    expect([await after(5_799), await after(1)]).toEqual([4, 5]);
    // At most `maxMs` by its own will.
    expect([await after(999), await after(1)]).toEqual([5, 6]);
    connection.disconnect();
    expect(await after(60_000)).toBe(6);
  });

  it('tries at once when it is told to while it waits', async () => {
    const lines = new FakeLines();
    lines.refuse = (_, attempt) => (attempt === 1 ? refusal('NETWORK') : undefined);
    const { connection } = connectionOver(lines);
    connection.connect();
    await vi.advanceTimersByTimeAsync(1);
    expect(connection.state.status).toBe('waiting');
    connection.connect();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.state.status).toBe('connected');
  });

  it('renews a token that is refused, once, and then pauses', async () => {
    const lines = new FakeLines();
    lines.refuse = (token) => (token === 'fresh' ? undefined : refusal('UNAUTHORIZED'));
    let token = 'lapsed';
    const refresh = vi.fn(async (refused: string) => {
      expect(refused).toBe('lapsed');
      token = 'fresh';
      return token;
    });
    const { connection } = connectionOver(lines, { token: async () => token, refresh });
    connection.connect();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.state.status).toBe('connected');
    expect([refresh.mock.calls.length, lines.opened.map((line) => line.token)]).toEqual([
      1,
      ['lapsed', 'fresh'],
    ]);

    lines.refuse = () => refusal('UNAUTHORIZED');
    refresh.mockImplementation(async () => 'fresh');
    lines.last.lose();
    await vi.advanceTimersByTimeAsync(200);
    expect(connection.state).toMatchObject({ status: 'waiting', error: { code: 'UNAUTHORIZED' } });
    expect(refresh.mock.calls.length).toBe(2);
    expect(lines.opened.length).toBe(4);
  });

  it('gives up when the session is over, and tells who waits', async () => {
    const lines = new FakeLines();
    lines.refuse = () => refusal('UNAUTHORIZED');
    const { connection } = connectionOver(lines, {
      token: async () => 'token',
      refresh: async () => {
        connection.disconnect(notSignedIn());
        throw refusal('UNAUTHORIZED');
      },
    });
    connection.connect();
    const waiting = connection.ready();
    waiting.catch(() => {});
    await vi.advanceTimersByTimeAsync(0);
    await expect(waiting).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
    await expect(connection.ready()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
    expect(connection.state.status).toBe('idle');
  });

  it('moves elsewhere within the time that a draining node gives, without a pause', async () => {
    const lines = new FakeLines();
    const { connection, states } = connectionOver(lines);
    connection.connect();
    await vi.advanceTimersByTimeAsync(0);
    vi.mocked(Math.random).mockReturnValue(0.5);
    lines.last.tell('server.drain', { withinMs: 4_000 });
    await vi.advanceTimersByTimeAsync(1_999);
    expect(lines.opened.length).toBe(1);
    await vi.advanceTimersByTimeAsync(51);
    expect(lines.opened.map((line) => line.over)).toEqual([true, false]);
    expect(connection.state).toEqual({ status: 'connected', deviceId: 'device-2' });
    expect(states.map(({ status }) => status)).not.toContain('waiting');
  });

  it('comes back when the line breaks, and hands requests the new one', async () => {
    const lines = new FakeLines();
    const { connection } = connectionOver(lines);
    connection.connect();
    await vi.advanceTimersByTimeAsync(0);
    lines.last.lose();
    const next = connection.ready();
    await vi.advanceTimersByTimeAsync(100);
    expect((await next).line).toBe(lines.opened[1]);
    const given = AbortSignal.abort();
    await expect(connection.ready(given)).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
