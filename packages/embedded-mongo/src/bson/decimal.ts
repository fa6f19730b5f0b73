import { Decimal128 } from 'bson';
import { Int32, Opaque, Type } from './value.ts';

/** The exact value coefficient × 10^exponent. */
export interface ExactDecimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

export function decimalText(value: Opaque): string {
  return new Decimal128(value.bytes).toString();
}

export function decimalFromText(text: string): Opaque {
  return new Opaque(Type.decimal128, Buffer.from(Decimal128.fromStringWithRounding(text).bytes));
}

/** undefined for NaN and the infinities. */
export function exactFromText(text: string): ExactDecimal | undefined {
  const match = /^(-?)(\d+)(?:\.(\d*))?(?:E([+-]?\d+))?$/i.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '0', fraction = '', exponent = '0'] = match;
  const coefficient = BigInt(whole + fraction);
  return {
    coefficient: sign === '-' ? -coefficient : coefficient,
    exponent: Number(exponent) - fraction.length,
  };
}

/** Every finite double is a finite decimal: m × 2^-k = m × 5^k × 10^-k. */
export function exactFromDouble(value: number): ExactDecimal {
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(value);
  const raw = bits.readBigUInt64BE();
  const biased = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n;
  const power = (biased === 0 ? 1 : biased) - 1075;
  const signed = raw >> 63n === 1n ? -mantissa : mantissa;
  return power >= 0
    ? { coefficient: signed << BigInt(power), exponent: 0 }
    : { coefficient: signed * 5n ** BigInt(-power), exponent: power };
}

export function subtract(a: ExactDecimal, b: ExactDecimal): ExactDecimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return { coefficient: scaled(a, exponent) - scaled(b, exponent), exponent };
}

function scaled(value: ExactDecimal, exponent: number): bigint {
  return value.coefficient * 10n ** BigInt(value.exponent - exponent);
}

/** Sum or product where at least one side is a Decimal128; rounded to its 34 digits. */
export function decimalArithmetic(
  operation: 'add' | 'multiply',
  a: number | bigint | Int32 | Opaque,
  b: number | bigint | Int32 | Opaque,
): Opaque {
  const left = exactFromText(numericText(a));
  const right = exactFromText(numericText(b));
  if (left === undefined || right === undefined) return decimalFromText('NaN');
  if (operation === 'multiply') {
    return decimalFromText(`${left.coefficient * right.coefficient}E${left.exponent + right.exponent}`);
  }
  const exponent = Math.min(left.exponent, right.exponent);
  return decimalFromText(`${scaled(left, exponent) + scaled(right, exponent)}E${exponent}`);
}

function numericText(value: number | bigint | Int32 | Opaque): string {
  if (value instanceof Opaque) return decimalText(value);
  return value instanceof Int32 ? String(value.value) : String(value);
}
