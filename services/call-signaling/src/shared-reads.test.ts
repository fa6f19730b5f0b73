import { describe, expect, it } from 'vitest';
import { sharedReads } from './shared-reads.ts';

/** A source that answers when told to. */
function source() {
  const asked: { readonly key: string; readonly answer: (value: string | Error) => void }[] = [];
  const read = sharedReads(
    (key: string) =>
      new Promise<string>((resolve, reject) => {
        asked.push({
          key,
          answer: (value) => (typeof value === 'string' ? resolve(value) : reject(value)),
        });
      }),
  );
  return { asked, read };
}

describe('shared reads', () => {
  it('are two for a storm, and none is older than its caller', async () => {
    const { asked, read } = source();
    const first = read('a');
    const late = Array.from({ length: 50 }, () => read('a'));
    expect(asked).toHaveLength(1);
    asked[0]?.answer('old');
    expect(await first).toBe('old');
    await expect.poll(() => asked.length).toBe(2);
    asked[1]?.answer('new');
    expect(new Set(await Promise.all(late))).toEqual(new Set(['new']));
    expect(asked).toHaveLength(2);
    void read('a');
    expect(asked).toHaveLength(3);
  });

  it('are apart for each key', () => {
    const { asked, read } = source();
    void read('a');
    void read('b');
    expect(asked.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('go on after one that failed', async () => {
    const { asked, read } = source();
    const first = read('a');
    const second = read('a');
    asked[0]?.answer(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await expect.poll(() => asked.length).toBe(2);
    asked[1]?.answer('here');
    expect(await second).toBe('here');
  });
});
