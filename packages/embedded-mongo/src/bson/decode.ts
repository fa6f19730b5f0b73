import { isUtf8 } from 'node:buffer';
import { CommandError } from '../errors.ts';
import { type Doc, Int32, invalidBson, Opaque, Type, UNDEFINED, type Value } from './value.ts';

/** As MongoDB's own BSONDepth default. */
export const MAX_DEPTH = 200;

/** Date values outside what a JavaScript Date can hold stay opaque. */
const MAX_DATE_MS = 8_640_000_000_000_000n;

/**
 * Decodes the document that fills `bytes` exactly.
 * @throws CommandError InvalidBSON (22) when it is malformed, Overflow (15) when it is nested too deeply.
 */
export function decode(bytes: Buffer): Doc {
  const decoder = new Decoder(bytes);
  const result = decoder.document(0, bytes.length);
  if (decoder.position !== bytes.length) throw invalidBson('document does not fill its buffer');
  return result;
}

/** The length that a document claims at `offset`, checked against the bytes that are there. */
export function documentLength(bytes: Buffer, offset: number): number {
  if (offset < 0 || bytes.length - offset < 5) throw invalidBson('document is cut short');
  const length = bytes.readInt32LE(offset);
  if (length < 5 || length > bytes.length - offset) throw invalidBson('document length is out of range');
  return length;
}

class Decoder {
  position = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  document(depth: number, limit: number): Doc {
    const result: Doc = new Map();
    this.elements(depth, limit, (name, value) => result.set(name, value));
    return result;
  }

  private array(depth: number, limit: number): Value[] {
    const result: Value[] = [];
    this.elements(depth, limit, (_name, value) => result.push(value));
    return result;
  }

  private elements(depth: number, limit: number, add: (name: string, value: Value) => void): void {
    if (depth > MAX_DEPTH)
      throw new CommandError(15, `BSON document is nested deeper than ${MAX_DEPTH} levels`);
    const start = this.position;
    const length = documentLength(this.bytes, start);
    const end = start + length;
    if (end > limit) throw invalidBson('embedded document overruns its parent');
    this.position = start + 4;
    while (true) {
      const type = this.byte(end);
      if (type === 0) break;
      const name = this.cstring(end);
      add(name, this.value(type, depth, end));
    }
    if (this.position !== end) throw invalidBson('document length does not match its content');
  }

  private value(type: number, depth: number, end: number): Value {
    const { bytes } = this;
    switch (type) {
      case Type.double:
        return bytes.readDoubleLE(this.take(8, end));
      case Type.string:
        return this.string(end);
      case Type.object:
        return this.document(depth + 1, end);
      case Type.array:
        return this.array(depth + 1, end);
      case Type.undefined:
        return UNDEFINED;
      case Type.boolean: {
        const flag = this.byte(end);
        if (flag > 1) throw invalidBson('boolean is neither 0 nor 1');
        return flag === 1;
      }
      case Type.date: {
        const at = this.take(8, end);
        const ms = bytes.readBigInt64LE(at);
        return ms >= -MAX_DATE_MS && ms <= MAX_DATE_MS
          ? new Date(Number(ms))
          : new Opaque(type, bytes.subarray(at, at + 8));
      }
      case Type.null:
        return null;
      case Type.int32:
        return new Int32(bytes.readInt32LE(this.take(4, end)));
      case Type.int64:
        return bytes.readBigInt64LE(this.take(8, end));
      default:
        return this.opaque(type, end);
    }
  }

  private opaque(type: number, end: number): Opaque {
    const start = this.position;
    switch (type) {
      case Type.binary: {
        const length = this.bytes.readInt32LE(this.take(4, end));
        if (length < 0) throw invalidBson('binary length is negative');
        this.take(1 + length, end);
        break;
      }
      case Type.objectId:
        this.take(12, end);
        break;
      case Type.regex:
        this.cstring(end);
        this.cstring(end);
        break;
      case Type.dbPointer:
        this.string(end);
        this.take(12, end);
        break;
      case Type.code:
      case Type.symbol:
        this.string(end);
        break;
      case Type.codeWithScope: {
        const length = documentLength(this.bytes, start);
        this.take(4, end);
        this.string(end);
        this.document(MAX_DEPTH - 1, end);
        if (this.position !== start + length) throw invalidBson('code with scope has a wrong length');
        break;
      }
      case Type.timestamp:
        this.take(8, end);
        break;
      case Type.decimal128:
        this.take(16, end);
        break;
      case Type.minKey:
      case Type.maxKey:
        break;
      default:
        throw invalidBson(`unknown BSON type 0x${type.toString(16)}`);
    }
    return new Opaque(type, this.bytes.subarray(start, this.position));
  }

  private take(length: number, end: number): number {
    const at = this.position;
    if (at + length > end) throw invalidBson('value overruns its document');
    this.position = at + length;
    return at;
  }

  private byte(end: number): number {
    return this.bytes.readUInt8(this.take(1, end));
  }

  private string(end: number): string {
    const length = this.bytes.readInt32LE(this.take(4, end));
    if (length < 1) throw invalidBson('string length is out of range');
    const at = this.take(length, end);
    if (this.bytes[at + length - 1] !== 0) throw invalidBson('string is not terminated');
    return this.text(at, at + length - 1);
  }

  private cstring(end: number): string {
    const zero = this.bytes.indexOf(0, this.position);
    if (zero === -1 || zero >= end) throw invalidBson('name is not terminated');
    const text = this.text(this.position, zero);
    this.position = zero + 1;
    return text;
  }

  /** Text that is not UTF-8 would come back changed after an update, so it is refused when it comes in. */
  private text(start: number, end: number): string {
    const text = this.bytes.toString('utf8', start, end);
    if (text.includes('\uFFFD') && !isUtf8(this.bytes.subarray(start, end))) {
      throw invalidBson('text is not valid UTF-8');
    }
    return text;
  }
}
