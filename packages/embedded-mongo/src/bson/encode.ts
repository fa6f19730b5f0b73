import { CommandError } from '../errors.ts';
import { MAX_DEPTH } from './decode.ts';
import { type Doc, Int32, Opaque, RawDocument, typeOf, type Value } from './value.ts';

/** @throws CommandError Overflow (15) for what could not be decoded again because it is nested too deeply */
export function encode(document: Doc): Buffer {
  const writer = new Writer();
  writer.document(document);
  return writer.finish();
}

class Writer {
  private buffer = Buffer.allocUnsafe(512);
  private position = 0;
  private depth = 0;

  finish(): Buffer {
    return this.buffer.subarray(0, this.position);
  }

  document(document: Doc): void {
    const start = this.open();
    for (const [name, value] of document) this.element(name, value);
    this.close(start);
  }

  private array(values: readonly Value[]): void {
    const start = this.open();
    for (const [index, value] of values.entries()) this.element(String(index), value);
    this.close(start);
  }

  private open(): number {
    if (this.depth++ > MAX_DEPTH)
      throw new CommandError(15, `BSON document is nested deeper than ${MAX_DEPTH} levels`);
    return this.reserve(4);
  }

  private close(start: number): void {
    this.depth--;
    this.byte(0);
    this.buffer.writeInt32LE(this.position - start, start);
  }

  private element(name: string, value: Value): void {
    this.byte(typeOf(value));
    this.text(name);
    this.byte(0);
    if (value === null) return;
    if (typeof value === 'string') {
      const at = this.reserve(4);
      const length = this.text(value);
      this.byte(0);
      this.buffer.writeInt32LE(length + 1, at);
    } else if (typeof value === 'number') {
      const at = this.reserve(8);
      this.buffer.writeDoubleLE(value, at);
    } else if (typeof value === 'bigint') {
      const at = this.reserve(8);
      this.buffer.writeBigInt64LE(value, at);
    } else if (typeof value === 'boolean') {
      this.byte(value ? 1 : 0);
    } else if (value instanceof Int32) {
      const at = this.reserve(4);
      this.buffer.writeInt32LE(value.value, at);
    } else if (value instanceof Date) {
      const at = this.reserve(8);
      this.buffer.writeBigInt64LE(BigInt(value.getTime()), at);
    } else if (value instanceof Opaque || value instanceof RawDocument) {
      this.raw(value.bytes);
    } else if (value instanceof Map) {
      this.document(value);
    } else {
      this.array(value);
    }
  }

  private byte(value: number): void {
    const at = this.reserve(1);
    this.buffer[at] = value;
  }

  private text(value: string): number {
    const length = Buffer.byteLength(value);
    const at = this.reserve(length);
    this.buffer.write(value, at, 'utf8');
    return length;
  }

  private raw(bytes: Buffer): void {
    const at = this.reserve(bytes.length);
    bytes.copy(this.buffer, at);
  }

  private reserve(length: number): number {
    const at = this.position;
    if (at + length > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, at + length));
      this.buffer.copy(grown, 0, 0, at);
      this.buffer = grown;
    }
    this.position = at + length;
    return at;
  }
}
