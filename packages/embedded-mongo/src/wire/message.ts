import { decode, documentLength } from '../bson/decode.ts';
import { encode } from '../bson/encode.ts';
import type { Doc } from '../bson/value.ts';
import { crc32c } from './crc32c.ts';

export const OpCode = { reply: 1, query: 2004, compressed: 2012, msg: 2013 } as const;
export const MAX_MESSAGE_BYTES = 48_000_000;
export const HEADER_BYTES = 16;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** Bits 0–15 are required: one that is not known must be refused. */
const UNKNOWN_REQUIRED = 0xffff & ~(CHECKSUM_PRESENT | MORE_TO_COME);

/** The bytes are not a message; the connection cannot go on, for where the next one starts is unknown. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

export interface Request {
  readonly requestId: number;
  readonly opCode: typeof OpCode.msg | typeof OpCode.query;
  readonly db: string | undefined;
  readonly body: Doc;
  /** Document sequences (section kind 1) by name, each document as it came. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  /** The client waits for no reply. */
  readonly moreToCome: boolean;
}

/** @param message a whole message with its header. @throws ProtocolError, CommandError InvalidBSON */
export function parseRequest(message: Buffer): Request {
  const opCode = message.readInt32LE(12);
  if (opCode === OpCode.msg) return parseMsg(message);
  if (opCode === OpCode.query) return parseQuery(message);
  throw new ProtocolError(
    opCode === OpCode.compressed ? 'compression was not negotiated' : `unsupported opcode ${opCode}`,
  );
}

function parseMsg(message: Buffer): Request {
  if (message.length < HEADER_BYTES + 4) throw new ProtocolError('OP_MSG is cut short');
  const flags = message.readUInt32LE(HEADER_BYTES);
  if ((flags & UNKNOWN_REQUIRED) !== 0) throw new ProtocolError('OP_MSG has an unknown required flag');
  let end = message.length;
  if (flags & CHECKSUM_PRESENT) {
    end -= 4;
    if (end < HEADER_BYTES + 4 || crc32c(message.subarray(0, end)) !== message.readUInt32LE(end)) {
      throw new ProtocolError('OP_MSG checksum does not match');
    }
  }
  let body: Doc | undefined;
  const sequences = new Map<string, readonly Buffer[]>();
  let at = HEADER_BYTES + 4;
  while (at < end) {
    const kind = message.readUInt8(at++);
    if (kind === 0) {
      if (body !== undefined) throw new ProtocolError('OP_MSG has two bodies');
      const length = documentLength(message.subarray(0, end), at);
      body = decode(message.subarray(at, at + length));
      at += length;
    } else if (kind === 1) at = parseSequence(message, at, end, sequences);
    else throw new ProtocolError(`OP_MSG has an unknown section kind ${kind}`);
  }
  if (body === undefined) throw new ProtocolError('OP_MSG has no body');
  const db = body.get('$db');
  return {
    requestId: message.readInt32LE(4),
    opCode: OpCode.msg,
    db: typeof db === 'string' ? db : undefined,
    body,
    sequences,
    moreToCome: (flags & MORE_TO_COME) !== 0,
  };
}

function parseSequence(
  message: Buffer,
  start: number,
  limit: number,
  sequences: Map<string, readonly Buffer[]>,
): number {
  if (limit - start < 5) throw new ProtocolError('document sequence is cut short');
  const end = start + message.readInt32LE(start);
  const nameEnd = message.indexOf(0, start + 4);
  if (end > limit || nameEnd === -1 || nameEnd >= end)
    throw new ProtocolError('document sequence is malformed');
  const name = message.toString('utf8', start + 4, nameEnd);
  if (sequences.has(name)) throw new ProtocolError('document sequence is given twice');
  const documents: Buffer[] = [];
  let at = nameEnd + 1;
  while (at < end) {
    const length = documentLength(message.subarray(0, end), at);
    documents.push(message.subarray(at, at + length));
    at += length;
  }
  sequences.set(name, documents);
  return end;
}

/** The legacy query, which drivers still use for their first hello: only `<db>.$cmd`. */
function parseQuery(message: Buffer): Request {
  const nameEnd = message.indexOf(0, HEADER_BYTES + 4);
  if (nameEnd === -1 || nameEnd + 9 > message.length) throw new ProtocolError('OP_QUERY is cut short');
  const namespace = message.toString('utf8', HEADER_BYTES + 4, nameEnd);
  if (!namespace.endsWith('.$cmd')) throw new ProtocolError('OP_QUERY is supported for commands only');
  const at = nameEnd + 9;
  const length = documentLength(message, at);
  return {
    requestId: message.readInt32LE(4),
    opCode: OpCode.query,
    db: namespace.slice(0, -'.$cmd'.length),
    body: decode(message.subarray(at, at + length)),
    sequences: new Map(),
    moreToCome: false,
  };
}

/** A reply in the form of the request: OP_MSG, or OP_REPLY to the legacy query. */
export function encodeReply(opCode: number, requestId: number, responseId: number, body: Doc): Buffer {
  const bytes = encode(body);
  const legacy = opCode === OpCode.query;
  const prefix = Buffer.alloc(HEADER_BYTES + (legacy ? 20 : 5));
  prefix.writeInt32LE(prefix.length + bytes.length, 0);
  prefix.writeInt32LE(responseId, 4);
  prefix.writeInt32LE(requestId, 8);
  prefix.writeInt32LE(legacy ? OpCode.reply : OpCode.msg, 12);
  // OP_REPLY: flags (AwaitCapable), cursor id, starting from, number returned. OP_MSG: flags and section kind, all zero.
  if (legacy) {
    prefix.writeInt32LE(8, HEADER_BYTES);
    prefix.writeInt32LE(1, HEADER_BYTES + 16);
  }
  return Buffer.concat([prefix, bytes]);
}
