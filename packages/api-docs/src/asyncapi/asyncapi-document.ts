import type { Dialect } from '@switchboard/dialects';
import type { JsonObject } from '../json.ts';
import { namedSchemas } from '../named-schemas.ts';
import { createSchemaBook } from '../schema-book.ts';
import { describeEventStream, natsSecurity, natsServer } from './event-stream.ts';
import { securitySchemes, transports } from './transports.ts';
import { describeVocabulary, serverName } from './vocabulary.ts';

/**
 * The AsyncAPI 3.0 document of these vocabularies and of the event stream, made from the schemas of their events: a channel each, and one a stream.
 * @throws Error for an event whose schema JSON Schema cannot say.
 */
export function asyncApiDocument(dialects: Iterable<Dialect>, version: string): JsonObject {
  const schemas = createSchemaBook('draft-7', namedSchemas());
  const spoken = [...dialects].map((dialect) => [dialect, describeVocabulary(dialect, schemas)] as const);
  const stream = describeEventStream(schemas);
  const used = new Set(spoken.map(([{ transport }]) => transport));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Switchboard',
      version,
      description: DESCRIPTION,
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    defaultContentType: 'application/json',
    servers: {
      ...Object.fromEntries(
        [...used].map((transport) => [serverName(transport), transports[transport].server]),
      ),
      nats: natsServer,
    },
    channels: {
      ...Object.fromEntries(spoken.map(([{ name }, { channel }]) => [name, channel])),
      ...stream.channels,
    },
    operations: Object.assign({}, ...spoken.map(([, { operations }]) => operations), stream.operations),
    components: {
      schemas: schemas.components(),
      securitySchemes: { ...securitySchemes, nats: natsSecurity },
    },
  };
}

const DESCRIPTION = `The events of every vocabulary: a channel each. What the server receives is what clients send. Behind them the event stream for internal services: a channel each stream.

Payloads show the documented form. Other spellings and positions that clients are known to use are understood, too; fields that are not described are ignored, and what the server sends may gain fields.

The routes of the same vocabularies are in \`/openapi.json\`.`;
