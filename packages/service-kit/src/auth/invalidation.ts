import type { Bus } from '@switchboard/ports';
import type { Notice } from '@switchboard/protocol';

/** A subscription that a cache depends on. */
export interface Invalidation extends AsyncDisposable {
  /** True while notices arrive. Without them nothing may be remembered: what changed would stay unknown. */
  readonly established: boolean;
}

/** Subscribes in the background; a bus that is away is asked again whenever `established` is read. */
export function listenForChanges(bus: Bus, hear: (notice: Notice) => void): Invalidation {
  let subscription: AsyncDisposable | undefined;
  let attempt: Promise<void> | undefined;
  let disposed = false;

  const subscribe = async (): Promise<void> => {
    try {
      const made = await bus.listen(hear);
      if (disposed) await made[Symbol.asyncDispose]();
      else subscription = made;
    } catch {
      // The bus is away: its own health says so, and the next reader asks again.
    } finally {
      attempt = undefined;
    }
  };
  const ensure = (): void => {
    if (!subscription && !disposed) attempt ??= subscribe();
  };
  ensure();

  return {
    get established() {
      ensure();
      return subscription !== undefined;
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await attempt;
      await subscription?.[Symbol.asyncDispose]();
    },
  };
}
