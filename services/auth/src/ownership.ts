/** Things to dispose of together, the last acquired first. */
export interface Ownership extends AsyncDisposable {
  /** Takes charge of `resource` and gives it back. */
  use<T extends AsyncDisposable>(resource: T): T;
}

export function createOwnership(): Ownership {
  const owned: AsyncDisposable[] = [];
  return {
    use(resource) {
      owned.push(resource);
      return resource;
    },
    async [Symbol.asyncDispose]() {
      const failures: unknown[] = [];
      for (let last = owned.pop(); last; last = owned.pop()) {
        try {
          await last[Symbol.asyncDispose]();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'not everything could be disposed of');
    },
  };
}
