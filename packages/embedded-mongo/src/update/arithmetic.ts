import { decimalArithmetic } from '../bson/decimal.ts';
import { Int32, isDecimal, isDoc, isNumeric, Opaque, typeName, type Value } from '../bson/value.ts';
import { badValue, CommandError } from '../errors.ts';

type Numeric = number | bigint | Int32 | Opaque;

/** `$inc` and `$mul`, in the wider of the two types; an int32 that overflows becomes an int64. */
export function arithmetic(operator: '$inc' | '$mul', current: Value | undefined, operand: Value): Value {
  if (!isNumeric(operand))
    throw new CommandError(
      14,
      `Cannot ${operator === '$inc' ? 'increment' : 'multiply'} with non-numeric argument`,
    );
  if (current === undefined) return operator === '$inc' ? operand : compute('$mul', operand, new Int32(0));
  if (!isNumeric(current)) {
    throw new CommandError(
      14,
      `Cannot apply ${operator} to a value of non-numeric type ${typeName(current)}`,
    );
  }
  return compute(operator, current, operand);
}

function compute(operator: '$inc' | '$mul', a: Numeric, b: Numeric): Value {
  if (isDecimal(a) || isDecimal(b)) return decimalArithmetic(operator === '$inc' ? 'add' : 'multiply', a, b);
  if (a instanceof Opaque || b instanceof Opaque) throw badValue(`${operator} of a non-numeric value`);
  if (typeof a === 'number' || typeof b === 'number') {
    const [x, y] = [asDouble(a), asDouble(b)];
    return operator === '$inc' ? x + y : x * y;
  }
  const [x, y] = [asBigInt(a), asBigInt(b)];
  const result = operator === '$inc' ? x + y : x * y;
  if (a instanceof Int32 && b instanceof Int32 && BigInt.asIntN(32, result) === result)
    return new Int32(Number(result));
  if (BigInt.asIntN(64, result) !== result)
    throw badValue(`Failed to apply ${operator} operations to current value: int64 overflow`);
  return result;
}

/** `$bit` with and, or, xor. */
export function bitwise(current: Value | undefined, operand: Value): Value {
  if (!isDoc(operand) || operand.size === 0)
    throw badValue('The $bit modifier needs a document with and, or or xor');
  let result: Value = current ?? new Int32(0);
  for (const [operation, mask] of operand) {
    if (!isInteger(mask)) throw badValue('The $bit modifier field must be an Integer(32/64 bit)');
    if (!isInteger(result)) throw badValue('Cannot apply $bit to a value of non-integral type');
    const wide: boolean = typeof result === 'bigint' || typeof mask === 'bigint';
    const x = asBigInt(result);
    const y = asBigInt(mask);
    const bits: bigint | undefined =
      operation === 'and' ? x & y : operation === 'or' ? x | y : operation === 'xor' ? x ^ y : undefined;
    if (bits === undefined)
      throw badValue(`The $bit modifier only supports 'and', 'or', and 'xor', not '${operation}'`);
    result = wide ? bits : new Int32(Number(bits));
  }
  return result;
}

function isInteger(value: Value): value is bigint | Int32 {
  return typeof value === 'bigint' || value instanceof Int32;
}

function asBigInt(value: bigint | Int32): bigint {
  return value instanceof Int32 ? BigInt(value.value) : value;
}

function asDouble(value: number | bigint | Int32): number {
  return value instanceof Int32 ? value.value : Number(value);
}
