import { decimalText } from '../bson/decimal.ts';
import { type Doc, Int32, isArray, isDoc, Opaque, Type, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';

/** E11000 in the words of the server, with the keyPattern and keyValue that mongoose and the driver hand on. */
export class DuplicateKeyError extends CommandError {
  readonly keyPattern: Doc;
  readonly keyValue: Doc;

  constructor(namespace: string, indexName: string, keyPattern: Doc, values: readonly Value[]) {
    const keyValue: Doc = new Map();
    for (const [i, field] of [...keyPattern.keys()].entries()) keyValue.set(field, values[i] ?? null);
    super(
      11000,
      `E11000 duplicate key error collection: ${namespace} index: ${indexName} dup key: ${shellText(keyValue)}`,
    );
    this.keyPattern = keyPattern;
    this.keyValue = keyValue;
  }
}

function shellText(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Int32) return String(value.value);
  if (typeof value === 'number' && Number.isInteger(value)) return `${value}.0`;
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof Opaque) return opaqueText(value);
  if (isArray(value)) return `[ ${value.map(shellText).join(', ')} ]`;
  if (isDoc(value))
    return `{ ${[...value].map(([name, item]) => `${name}: ${shellText(item)}`).join(', ')} }`;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  return 'null';
}

function opaqueText(value: Opaque): string {
  const { type, bytes } = value;
  if (type === Type.objectId) return `ObjectId('${bytes.toString('hex')}')`;
  if (type === Type.decimal128) return decimalText(value);
  if (type === Type.undefined) return 'undefined';
  if (type === Type.binary) return `BinData(${bytes[4] ?? 0}, ${bytes.toString('hex', 5).toUpperCase()})`;
  return `<${bytes.toString('hex')}>`;
}
