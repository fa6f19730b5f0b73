import { decode } from '../bson/decode.ts';
import { encode } from '../bson/encode.ts';
import {
  type Doc,
  isArray,
  isDoc,
  isNumeric,
  Opaque,
  toNumber,
  typeName,
  type Value,
} from '../bson/value.ts';
import { badValue, CommandError } from '../errors.ts';
import { type Invocation, target } from './command.ts';

function wrongType(field: string, value: Value, wanted: string): CommandError {
  return new CommandError(
    14,
    `BSON field '${field}' is the wrong type '${typeName(value)}', expected type '${wanted}'`,
  );
}

export function missing(field: string): CommandError {
  return new CommandError(40414, `BSON field '${field}' is missing but a required field`);
}

/** The collection that the command is about. */
export function collectionName(invocation: Invocation): string {
  const name = target(invocation);
  if (typeof name !== 'string')
    throw new CommandError(73, `collection name has invalid type ${typeName(name ?? null)}`);
  if (name === '') throw new CommandError(73, `Invalid namespace specified '${invocation.db}.'`);
  return name;
}

export function integer(fields: Doc, name: string): number | undefined {
  const value = fields.get(name);
  if (value === undefined || value === null) return undefined;
  if (!isNumeric(value) || value instanceof Opaque) throw wrongType(name, value, 'long');
  const number = toNumber(value);
  if (!Number.isSafeInteger(number)) throw badValue(`${name} must be a whole number`);
  return number;
}

export function count(fields: Doc, name: string): number | undefined {
  const number = integer(fields, name);
  if (number !== undefined && number < 0)
    throw new CommandError(51024, `BSON field '${name}' value must be >= 0, actual value '${number}'`);
  return number;
}

export function flag(fields: Doc, name: string): boolean {
  const value = fields.get(name);
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  if (isNumeric(value) && !(value instanceof Opaque)) return toNumber(value) !== 0;
  throw wrongType(name, value, 'bool');
}

export function document(fields: Doc, name: string): Doc | undefined {
  const value = fields.get(name);
  if (value === undefined || value === null) return undefined;
  if (!isDoc(value)) throw wrongType(name, value, 'object');
  return value;
}

export function text(fields: Doc, name: string): string | undefined {
  const value = fields.get(name);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType(name, value, 'string');
  return value;
}

export function array(fields: Doc, name: string): readonly Value[] | undefined {
  const value = fields.get(name);
  if (value === undefined || value === null) return undefined;
  if (!isArray(value)) throw wrongType(name, value, 'array');
  return value;
}

/** Documents given as a sequence beside the command or as an array within it. */
export function documents({ body, sequences }: Invocation, name: string): { document: Doc; bytes: Buffer }[] {
  const sequence = sequences.get(name);
  const items =
    sequence?.map((bytes) => ({ document: decode(bytes), bytes })) ??
    array(body, name)?.map((value) => {
      if (!isDoc(value)) throw wrongType(name, value, 'object');
      return { document: value, bytes: encode(value) };
    });
  if (items === undefined) throw missing(name);
  if (items.length === 0 || items.length > 100_000) {
    throw new CommandError(
      16,
      `Write batch sizes must be between 1 and 100000. Got ${items.length} operations.`,
    );
  }
  return items;
}

/** Strings compare by their bytes; another collation would change which documents match. */
export function refuseCollation(fields: Doc): void {
  const collation = document(fields, 'collation');
  if (collation !== undefined && collation.get('locale') !== 'simple')
    throw badValue('collation is not supported');
}
