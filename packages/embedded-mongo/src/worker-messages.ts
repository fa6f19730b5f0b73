/** What the starting thread hands to the database's thread. */
export interface WorkerSetup {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly maxCursors: number;
  readonly ttlIntervalMs: number;
  readonly counters: SharedArrayBuffer;
}

export type FromWorker =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'failed'; readonly name: string; readonly message: string }
  | { readonly type: 'closed' }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly fields: object;
      readonly message: string;
    };

export interface ToWorker {
  readonly type: 'close';
}
