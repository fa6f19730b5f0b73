import { LIMITS, type Rejection, reject } from '@switchboard/protocol';

/** No vocabulary has an event with more values in it; a frame of only commas must not cost a walk of 160 KiB. */
const MAX_VALUES = 5_000;

/**
 * What the wire may carry at all, before any vocabulary looks at it: JSON (no buffers), shallow, few enough values, and no key
 * that means something to a database or to JavaScript rather than to a client. Undefined when all is well.
 */
export function refusePayload(args: readonly unknown[]): Rejection | undefined {
  let left = MAX_VALUES;

  const complaint = (value: unknown, depth: number): string | undefined => {
    left -= 1;
    if (left < 0) return 'payload holds too many values';
    if (value === undefined || typeof value === 'function') return 'payload must be JSON';
    if (value === null || typeof value !== 'object') return undefined;
    if (depth <= 0) return 'payload is nested too deeply';
    const prototype: unknown = Object.getPrototypeOf(value);
    if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
      return 'payload must be JSON, not binary';
    }
    for (const [key, inner] of Object.entries(value)) {
      if (isHostileKey(key)) return 'payload holds a forbidden key';
      const found = complaint(inner, depth - 1);
      if (found) return found;
    }
    return undefined;
  };

  for (const value of args) {
    const found = complaint(value, LIMITS.jsonDepth);
    if (found) return reject('INVALID_DATA', `Invalid data: ${found}`).error;
  }
  return undefined;
}

function isHostileKey(key: string): boolean {
  return key.startsWith('$') || key === '__proto__' || key === 'constructor' || key === 'prototype';
}
