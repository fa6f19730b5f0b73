/**
 * Calls for one key that come while it is being read share the next reading, so that a storm of them reads twice, not once each; what is read never is
 * older than the call for it.
 */
export function sharedReads<K, V>(read: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const reading = new Map<K, Promise<V>>();
  const next = new Map<K, Promise<V>>();

  const start = (key: K): Promise<V> => {
    const value = read(key).finally(() => {
      if (reading.get(key) === value) reading.delete(key);
    });
    reading.set(key, value);
    return value;
  };

  return (key) => {
    const current = reading.get(key);
    if (!current) return start(key);
    const shared =
      next.get(key) ??
      current
        .catch(() => undefined)
        .then(() => {
          next.delete(key);
          return start(key);
        });
    next.set(key, shared);
    return shared;
  };
}
