import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** RFC 8489 and 8656: message types and attributes. */
const ALLOCATE = { request: 0x0003, success: 0x0103, error: 0x0113 } as const;
const ATTRIBUTE = {
  username: 0x0006,
  integrity: 0x0008,
  errorCode: 0x0009,
  realm: 0x0014,
  nonce: 0x0015,
  relayedAddress: 0x0016,
  transport: 0x0019,
} as const;
const COOKIE = 0x2112a442;
const UDP = Buffer.from([17, 0, 0, 0]);
const AGAIN_MS = 500;
const PATIENCE_MS = 20_000;

export interface TurnCredentials {
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

type Attributes = Map<number, Buffer>;

function message(id: Buffer, attributes: readonly (readonly [number, Buffer])[], key?: Buffer): Buffer {
  const parts = attributes.map(([type, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt16BE(ALLOCATE.request, 0);
  head.writeUInt32BE(COOKIE, 4);
  if (!key) {
    head.writeUInt16BE(body.length, 2);
    return Buffer.concat([head, id, body]);
  }
  // The length counts the integrity attribute, which itself covers what is before it.
  head.writeUInt16BE(body.length + 24, 2);
  const signed = Buffer.concat([head, id, body]);
  const digest = createHmac('sha1', key).update(signed).digest();
  return Buffer.concat([signed, Buffer.from([0, ATTRIBUTE.integrity, 0, digest.length]), digest]);
}

function attributesOf(reply: Buffer): Attributes {
  const found: Attributes = new Map();
  for (let at = 20; at + 4 <= reply.length; ) {
    const length = reply.readUInt16BE(at + 2);
    found.set(reply.readUInt16BE(at), reply.subarray(at + 4, at + 4 + length));
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return found;
}

/**
 * Asks a TURN server on 127.0.0.1 for a relayed address, as a browser does: unsigned, then with the long-term credentials and the nonce that it was given.
 * Resolves with `granted`, or the code of the error.
 * @throws Error when there is no answer.
 */
export async function allocate(
  port: number,
  { username, credential }: TurnCredentials,
): Promise<'granted' | number> {
  const socket = createSocket('udp4');
  const ask = async (attributes: readonly (readonly [number, Buffer])[], key?: Buffer) => {
    const id = randomBytes(12);
    const request = message(id, attributes, key);
    const again = setInterval(() => socket.send(request, port, '127.0.0.1'), AGAIN_MS);
    try {
      socket.send(request, port, '127.0.0.1');
      const signal = AbortSignal.timeout(PATIENCE_MS);
      for (;;) {
        const [reply] = (await once(socket, 'message', { signal })) as [Buffer];
        if (reply.subarray(8, 20).equals(id))
          return { type: reply.readUInt16BE(0), has: attributesOf(reply) };
      }
    } finally {
      clearInterval(again);
    }
  };
  try {
    const asked = [[ATTRIBUTE.transport, UDP]] as const;
    let { type, has } = await ask(asked);
    const [realm, nonce] = [has.get(ATTRIBUTE.realm), has.get(ATTRIBUTE.nonce)];
    if (username !== undefined && credential !== undefined && realm && nonce) {
      const key = createHash('md5').update(`${username}:${realm.toString()}:${credential}`).digest();
      ({ type, has } = await ask(
        [
          ...asked,
          [ATTRIBUTE.username, Buffer.from(username)],
          [ATTRIBUTE.realm, realm],
          [ATTRIBUTE.nonce, nonce],
        ],
        key,
      ));
    }
    if (type === ALLOCATE.success && has.has(ATTRIBUTE.relayedAddress)) return 'granted';
    const code = has.get(ATTRIBUTE.errorCode);
    return code ? code.readUInt8(2) * 100 + code.readUInt8(3) : 0;
  } finally {
    socket.close();
  }
}
