import { type Doc, doc } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { DuplicateKeyError } from '../store/duplicate-key.ts';

/** One entry of `writeErrors`. */
export function writeError(index: number, error: CommandError): Doc {
  const duplicate = error instanceof DuplicateKeyError ? error : undefined;
  return doc({
    index,
    code: error.code,
    keyPattern: duplicate?.keyPattern,
    keyValue: duplicate?.keyValue,
    errmsg: error.message,
  });
}

/** What belongs to one statement is reported with it; a fault of the storage fails the command. */
export function asWriteError(index: number, error: unknown): Doc {
  if (error instanceof CommandError) return writeError(index, error);
  throw error;
}
