/** Parts that live as long as their owner; closed in reverse order of making. */
export interface Owner extends AsyncDisposable {
  own<T extends AsyncDisposable>(part: T): T;
  defer(close: () => void | Promise<void>): void;
}

/**
 * What AsyncDisposableStack is on newer runtimes than Node 20. A part that fails to close does not keep the others open;
 * what failed is thrown once all are closed.
 */
export function createOwner(): Owner {
  const closing: (() => void | PromiseLike<void>)[] = [];
  return {
    own(part) {
      closing.push(() => part[Symbol.asyncDispose]());
      return part;
    },
    defer(close) {
      closing.push(close);
    },
    async [Symbol.asyncDispose]() {
      const failures: unknown[] = [];
      for (let close = closing.pop(); close; close = closing.pop()) {
        try {
          await close();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length === 1) throw failures[0];
      if (failures.length > 1) throw new AggregateError(failures, 'several parts could not be closed');
    },
  };
}

/** Runs `start`; if it fails, what it had handed to the owner is closed and the failure goes on. */
export async function collect(start: (owner: Owner) => Promise<void>): Promise<Owner> {
  const owner = createOwner();
  try {
    await start(owner);
    return owner;
  } catch (error) {
    await owner[Symbol.asyncDispose]();
    throw error;
  }
}
