import type { Clock } from '@switchboard/ports';
import type { Logger } from '@switchboard/service-kit';
import type { AuditDoc, Audits } from '../store/audit.ts';

export interface AuditLog extends AsyncDisposable {
  /** Never throws and never waits: an audit store that is away must not keep anybody from logging out. */
  record(entry: Omit<AuditDoc, 'at' | 'expiresAt'>): void;
  /** Resolves once everything recorded so far is stored or given up. */
  settled(): Promise<void>;
}

export interface AuditLogOptions {
  readonly audits: Audits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retentionMs: number;
}

/** Entries that may wait while the store is slow or away; further ones are dropped and counted in the log. */
const MAX_WAITING = 10_000;
const BATCH = 500;

export function createAuditLog({ audits, clock, logger, retentionMs }: AuditLogOptions): AuditLog {
  let waiting: AuditDoc[] = [];
  let dropped = 0;
  let writing: Promise<void> | undefined;

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      try {
        await audits.insertMany(batch, { ordered: false, lean: true });
      } catch (err) {
        logger.error({ err, lost: batch.length }, 'audit entries could not be stored');
      }
      if (dropped > 0) logger.error({ dropped }, 'audit entries were dropped: too many waited');
      dropped = 0;
    }
    writing = undefined;
  };

  const settled = async (): Promise<void> => {
    while (writing) await writing;
  };

  return {
    record(entry) {
      if (waiting.length >= MAX_WAITING) {
        dropped += 1;
        return;
      }
      const now = clock.now();
      waiting.push({ at: new Date(now), expiresAt: new Date(now + retentionMs), ...entry });
      // Everything recorded in one tick is one write.
      writing ??= Promise.resolve().then(write);
    },
    settled,
    [Symbol.asyncDispose]: settled,
  };
}
