/** Another server has the data directory open. */
export class DataDirLockedError extends Error {
  override readonly name = 'DataDirLockedError';
}
