import type { Logger } from '@switchboard/service-kit';

export interface AwayNotice {
  readonly away: (err: unknown) => void;
  readonly back: () => void;
}

/** Says once that publishing fails, and once that it works again, rather than once an event. */
export function createAwayNotice(logger: Logger, what: string): AwayNotice {
  let away = false;
  return {
    away(err) {
      if (!away) logger.warn({ err }, `publishing ${what} is left to the sweep`);
      away = true;
    },
    back() {
      if (away) logger.info(`${what} are published again`);
      away = false;
    },
  };
}
