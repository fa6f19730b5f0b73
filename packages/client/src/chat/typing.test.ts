import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Typing } from './typing.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('makes few words of many keystrokes, and ends by itself', async () => {
  const words: string[] = [];
  const typing = new Typing((to, active) =>
    words.push(`${'userId' in to ? to.userId : to.roomId} ${active}`),
  );
  for (let ms = 0; ms < 7_000; ms += 100) {
    typing.set({ userId: '2' }, true);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(words).toEqual(['2 true', '2 true', '2 true']);
  typing.set({ userId: '3' }, false);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(words.slice(3)).toEqual(['2 false']);
  typing.set({ roomId: '9' }, true);
  typing.set({ roomId: '9' }, false);
  expect(words.slice(4)).toEqual(['9 true', '9 false']);
  typing.set({ userId: '2' }, true);
  typing.clear();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(words.slice(6)).toEqual(['2 true']);
});
