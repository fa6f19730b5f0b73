import { expect, it } from 'vitest';
import { startTestMongo } from '../../../packages/embedded-mongo/src/testing/test-mongo.ts';
import { createLogger } from '../../../packages/service-kit/src/logger.ts';
import { connectMongo } from '../../../packages/service-kit/src/mongo/connect-mongo.ts';
import { textOf } from '../load/run-log.ts';
import { checkMessages } from './check-messages.ts';
import { readStored } from './read-stored.ts';

const logger = createLogger({ level: 'error', service: 'test', nodeId: 'n' });

it('reads what lies in the database, what lies there twice and what nobody knows of included', async () => {
  await using server = await startTestMongo();
  await using mongo = await connectMongo(server.url, { logger, appName: 'test' });
  const message = (_id: string, conversationId: string, seq: number, key: number) => ({
    _id,
    conversationId,
    seq,
    content: textOf(key),
  });
  await mongo.connection
    .collection<ReturnType<typeof message>>('messages')
    .insertMany([
      message('b', 'd:1:2', 2, 12),
      message('a', 'd:1:2', 1, 11),
      message('again', 'd:1:2', 2, 12),
      message('x', 'd:3:4', 1, 13),
    ]);
  const stored = await readStored(server.url, ['d:1:2', 'r:1'], logger);
  expect(stored).toEqual(
    new Map([
      [
        0,
        [
          { id: 'a', seq: 1, key: 11 },
          { id: 'b', seq: 2, key: 12 },
          { id: 'again', seq: 2, key: 12 },
        ],
      ],
      [1, []],
      [-1, [{ id: 'x', seq: 1, key: 13 }]],
    ]),
  );
  expect(checkMessages([], stored)).toMatchObject({ duplicated: 1, reordered: 1, phantom: 3, stored: 4 });
});
