import { afterEach, describe, expect, it, vi } from 'vitest';
import { Emitter } from './emitter.ts';

interface Events {
  number: number;
  word: string;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('an emitter', () => {
  it('calls listeners in order until they stop, by function or by signal', () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    const control = new AbortController();
    const stop = emitter.on('number', (n) => heard.push(`a${n}`));
    emitter.on('number', (n) => heard.push(`b${n}`), { signal: control.signal });
    emitter.on('word', (word) => heard.push(word));
    emitter.emit('number', 1);
    stop();
    stop();
    emitter.emit('number', 2);
    control.abort();
    emitter.emit('number', 3);
    emitter.on('number', () => heard.push('never'), { signal: control.signal });
    emitter.emit('number', 4);
    expect(heard).toEqual(['a1', 'b1', 'b2']);
  });

  it('lets one listener throw without the others, or the sender, noticing; the error is not swallowed', () => {
    const surfaced: (() => void)[] = [];
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((work) => surfaced.push(work));
    const emitter = new Emitter<Events>();
    const heard: number[] = [];
    emitter.on('number', () => {
      throw new Error('mine');
    });
    emitter.on('number', (n) => heard.push(n));
    emitter.emit('number', 1);
    expect(heard).toEqual([1]);
    expect(surfaced.map((work) => expect(work).toThrow('mine')).length).toBe(1);
  });
});
