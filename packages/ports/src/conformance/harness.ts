import { afterEach, beforeEach } from 'vitest';

/** What a factory hands out: something empty, shared with no other test, and the way to be rid of it. */
export interface Harness {
  dispose(): Promise<void>;
}

/** A fresh harness for each test of the enclosing `describe`. */
export function fresh<H extends Harness>(factory: () => Promise<H>): () => H {
  let current: H | undefined;
  beforeEach(async () => {
    current = await factory();
  });
  afterEach(async () => {
    await current?.dispose();
    current = undefined;
  });
  return () => {
    if (!current) throw new Error('no harness outside a test');
    return current;
  };
}
