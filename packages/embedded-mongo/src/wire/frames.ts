import { HEADER_BYTES, MAX_MESSAGE_BYTES, ProtocolError } from './message.ts';

/** Cuts the stream of a socket into messages. */
export class Frames {
  private chunks: Buffer[] = [];
  private buffered = 0;

  /** Bytes that wait. */
  get size(): number {
    return this.buffered;
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
  }

  /** The next whole message, or undefined until more bytes come. @throws ProtocolError for an impossible length */
  next(): Buffer | undefined {
    if (this.buffered < 4) return undefined;
    const length = this.peek(4).readInt32LE();
    if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES)
      throw new ProtocolError('message length is out of range');
    if (this.buffered < length) return undefined;
    const all = this.peek(length);
    const rest = all.subarray(length);
    this.chunks = rest.length > 0 ? [rest, ...this.chunks.slice(1)] : this.chunks.slice(1);
    this.buffered -= length;
    return all.subarray(0, length);
  }

  /** Joins as many chunks as hold `length` bytes into the first, and each byte only once. */
  private peek(length: number): Buffer {
    let first = this.chunks[0] ?? Buffer.alloc(0);
    if (first.length < length) {
      let count = 0;
      let size = 0;
      while (size < length) size += this.chunks[count++]?.length ?? length;
      first = Buffer.concat(this.chunks.slice(0, count));
      this.chunks = [first, ...this.chunks.slice(count)];
    }
    return first;
  }
}
