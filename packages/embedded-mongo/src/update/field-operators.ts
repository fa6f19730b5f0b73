import { randomBytes } from 'node:crypto';
import { compareValues } from '../bson/compare.ts';
import { isDoc, Opaque, Type, type Value } from '../bson/value.ts';
import { badValue, failedToParse } from '../errors.ts';
import { arithmetic, bitwise } from './arithmetic.ts';
import { addToSet, pop, pull, pullAll, push } from './array-operators.ts';

export interface Moment {
  readonly now: Date;
  readonly inserting: boolean;
}

/** The new value of a field; undefined leaves the document as it is. */
export type FieldOperator = (current: Value | undefined, moment: Moment) => Value | undefined;

/** Binds an operator to its operand. `$unset` and `$rename` are not here: they change which fields there are. */
export function fieldOperator(operator: string, operand: Value): FieldOperator {
  switch (operator) {
    case '$set':
      return () => operand;
    case '$setOnInsert':
      return (_current, { inserting }) => (inserting ? operand : undefined);
    case '$inc':
    case '$mul':
      return (current) => arithmetic(operator, current, operand);
    case '$min':
      return (current) =>
        current === undefined || compareValues(operand, current) < 0 ? operand : undefined;
    case '$max':
      return (current) =>
        current === undefined || compareValues(operand, current) > 0 ? operand : undefined;
    case '$currentDate':
      return currentDate(operand);
    case '$bit':
      return (current) => bitwise(current, operand);
    case '$push':
      return (current) => push(current, operand);
    case '$addToSet':
      return (current) => addToSet(current, operand);
    case '$pop':
      return (current) => pop(current, operand);
    case '$pull':
      return pull(operand);
    case '$pullAll':
      return (current) => pullAll(current, operand);
    default:
      throw failedToParse(
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
  }
}

function currentDate(operand: Value): FieldOperator {
  const type = isDoc(operand) ? operand.get('$type') : 'date';
  if (type === 'date' && (isDoc(operand) || typeof operand === 'boolean')) return (_current, { now }) => now;
  if (type === 'timestamp') return (_current, { now }) => timestamp(now);
  throw badValue("$currentDate needs true or {$type: 'date' | 'timestamp'}");
}

/** Seconds, then an ordinal; here random, for only its uniqueness matters. */
function timestamp(now: Date): Opaque {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(randomBytes(4).readUInt32LE(), 0);
  bytes.writeUInt32LE(Math.floor(now.getTime() / 1000), 4);
  return new Opaque(Type.timestamp, bytes);
}
