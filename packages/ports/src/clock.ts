/** Time, so that tests own it. Millisecond epoch. */
export interface Clock {
  now(): number;
  /** Calls back once after `ms`; disposing cancels. Never keeps the process alive by itself. */
  after(ms: number, callback: () => void): Disposable;
}
