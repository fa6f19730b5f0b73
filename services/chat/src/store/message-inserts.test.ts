import { mongo } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { outcomesOf } from './message-inserts.ts';

const seqTaken = (index: number) => ({
  index,
  code: 11_000,
  errmsg:
    'E11000 duplicate key error collection: db.messages index: conversation_seq dup key: { conversationId: "d:1:2", seq: 3 }',
});
const repeated = (index: number) => ({
  index,
  code: 11_000,
  errmsg:
    'E11000 duplicate key error collection: db.messages index: sender_client_message dup key: { sender.id: "1", clientMessageId: "x index: conversation_seq dup key" }',
});

function bulkError(
  writeErrors: { index: number; code: number; errmsg: string }[],
  writeConcernError?: { code: number; errmsg: string },
): mongo.MongoBulkWriteError {
  const result = { getWriteConcernError: () => writeConcernError } as unknown as mongo.BulkWriteResult;
  return new mongo.MongoBulkWriteError(
    { message: 'refused', code: 11_000, writeErrors: writeErrors as unknown as mongo.WriteError[] },
    result,
  );
}

const kinds = (error: unknown, count: number, ordered: boolean) =>
  outcomesOf(error, count, ordered).map((outcome) =>
    outcome.kind === 'duplicate' ? outcome.of : outcome.kind,
  );

describe('what became of a batch that was refused', () => {
  it('ordered: stored up to the refusal, skipped after it', () => {
    expect(kinds(bulkError([seqTaken(2)]), 5, true)).toEqual([
      'stored',
      'stored',
      'seq',
      'skipped',
      'skipped',
    ]);
    expect(kinds(bulkError([repeated(0)]), 3, true)).toEqual(['clientMessage', 'skipped', 'skipped']);
  });

  it('unordered: all stored but those refused', () => {
    expect(kinds(bulkError([seqTaken(0), repeated(3)]), 4, false)).toEqual([
      'seq',
      'stored',
      'stored',
      'clientMessage',
    ]);
  });

  it.each([
    ['a lost connection', new mongo.MongoNetworkError('connection closed')],
    [
      'a step-down, which the driver reports at the first document',
      bulkError([{ index: 0, code: 10_107, errmsg: 'not primary' }]),
    ],
    [
      'a full disk among duplicates',
      bulkError([seqTaken(0), { index: 2, code: 14_031, errmsg: 'disk full' }]),
    ],
    [
      'a write concern not met',
      bulkError([seqTaken(3)], { code: 64, errmsg: 'waiting for replication timed out' }),
    ],
    ['no word of what was refused', bulkError([])],
    ['anything else', new Error('unforeseen')],
  ])('acknowledges nothing after %s', (_, error) => {
    for (const ordered of [true, false]) expect(kinds(error, 4, ordered)).toEqual(Array(4).fill('unknown'));
  });

  it('a duplicate in an index that is not ours is no answer to anybody', () => {
    const other = {
      index: 1,
      code: 11_000,
      errmsg: 'E11000 duplicate key error collection: db.messages index: other dup key: { }',
    };
    expect(kinds(bulkError([other]), 2, false)).toEqual(['stored', 'unknown']);
  });
});
