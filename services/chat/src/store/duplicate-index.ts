/**
 * Which unique index a write error names. The driver keeps `keyPattern` for single writes only; of a batch it hands on the
 * server's text, `E11000 duplicate key error collection: db.messages index: NAME dup key: {…}`, whose form has been
 * stable since 3.x. The key's values come after the name, so nothing that a client chose can be taken for it.
 */
export function duplicateIndex(errmsg: string | undefined): string | undefined {
  return /^E11000 duplicate key error collection: \S+ index: (\S+) dup key/.exec(errmsg ?? '')?.[1];
}
