import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { ConversationId, type RequestReply, roomConversation } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteRoom } from '../rooms/delete-room.ts';
import { identity, range, TestNode, userId } from '../testing/chat-harness.ts';

const direct = (a: number, b: number) => ConversationId.parse(`d:${a}:${b}`);

describe('counting and following for others', () => {
  let database: TestMongo;
  let node: TestNode;
  let other: TestNode;
  beforeAll(async () => {
    database = await startTestMongo();
    const url = database.database('unread');
    node = await TestNode.start(url);
    other = await TestNode.start(url);
  });
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await other?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  const unread = async (ids: readonly number[], conversationId?: ConversationId, on = node) => {
    const { users } = await on.must('chat.unread', {
      userIds: ids.map(userId),
      ...(conversationId ? { conversationId } : {}),
    });
    return users.map((each): RequestReply<'chat.unread'>['users'][number] => each);
  };
  const read = (id: number, conversationId: ConversationId, upToSeq?: number) =>
    node.must('chat.read', {
      actor: identity(id),
      messageIds: [],
      conversationId,
      ...(upToSeq === undefined ? {} : { upToSeq }),
    });
  const followers = (conversationId: ConversationId, limit = 500, after?: number) =>
    node.must('chat.followers', {
      conversationId,
      limit,
      ...(after === undefined ? {} : { after: userId(after) }),
    });

  it('counts what others wrote in direct conversations, in one of them and in all', async () => {
    for (const n of range(3)) await node.send(1, 2, `a${n}`);
    await node.send(2, 1, 'back');
    for (const n of range(2)) await node.send(3, 2, `b${n}`);
    expect(await unread([2, 1, 4], direct(1, 2))).toEqual([
      { userId: '2', total: 5, conversation: 3, readSeq: 0 },
      { userId: '1', total: 1, conversation: 1, readSeq: 0 },
      { userId: '4', total: 0, conversation: 0, readSeq: 0 },
    ]);
    await read(2, direct(1, 2), 2);
    expect(await unread([2], direct(1, 2))).toEqual([{ userId: '2', total: 3, conversation: 1, readSeq: 2 }]);
    expect(await unread([2])).toEqual([{ userId: '2', total: 3, conversation: 0, readSeq: 0 }]);
    await read(2, direct(2, 3));
    await read(2, direct(1, 2));
    expect(await unread([2], direct(1, 2))).toEqual([{ userId: '2', total: 0, conversation: 0, readSeq: 4 }]);
  });

  it('says nothing of a conversation to whom it is not one of theirs', async () => {
    expect(await unread([9], direct(1, 2))).toEqual([{ userId: '9', total: 0, conversation: 0, readSeq: 0 }]);
  });

  it('knows a message as soon as it is acknowledged, on any node, whatever its list entry says', async () => {
    for (const n of range(20)) {
      await node.send(5, 6, `m${n}`);
      const counted = { userId: '6', total: n, conversation: n, readSeq: 0 };
      expect(await unread([6], direct(5, 6), other)).toEqual([counted]);
    }
  });

  it('counts in rooms from where a user began to follow, and forgets a deleted one', async () => {
    const { id } = await node.makeRoom(10, 'Counted');
    const room = roomConversation(id);
    await node.say(10, id, 'before');
    await node.say(11, id, 'hello');
    await node.say(10, id, 'welcome');
    expect(await unread([10, 11, 12], room)).toEqual([
      { userId: '10', total: 1, conversation: 1, readSeq: 0 },
      { userId: '11', total: 1, conversation: 1, readSeq: 0 },
      { userId: '12', total: 0, conversation: 0, readSeq: 0 },
    ]);
    await read(12, room);
    await node.say(10, id, 'more');
    expect(await unread([12], room)).toEqual([{ userId: '12', total: 1, conversation: 1, readSeq: 3 }]);
    expect(await followers(room)).toEqual({ userIds: ['10', '11', '12'], more: false });
    await deleteRoom(node.context, { actor: identity(10), roomId: id });
    expect(await followers(room)).toEqual({ userIds: [], more: false });
    expect(await unread([12], room)).toEqual([{ userId: '12', total: 0, conversation: 0, readSeq: 0 }]);
  });

  it('names both members of a direct conversation, whether or not they have written', async () => {
    expect(await followers(direct(7, 30))).toEqual({ userIds: ['30', '7'], more: false });
    expect(await followers(direct(7, 30), 1)).toEqual({ userIds: ['30'], more: true });
    expect(await followers(direct(7, 30), 1, 30)).toEqual({ userIds: ['7'], more: false });
    expect(await followers(direct(7, 7))).toEqual({ userIds: ['7'], more: false });
  });

  it('pages through the followers of a room without losing or repeating one, and without those of another', async () => {
    const { id } = await node.makeRoom(1, 'Followed');
    const rooms = [id, (await node.makeRoom(1, 'Beside')).id];
    const writers = range(25);
    await Promise.all(rooms.flatMap((room) => writers.map((n) => node.say(n, room, 'x'))));
    const seen: string[] = [];
    for (let after: number | undefined; ; ) {
      const page = await followers(roomConversation(id), 7, after);
      seen.push(...page.userIds);
      if (!page.more) break;
      after = Number(page.userIds.at(-1));
    }
    expect(seen).toEqual(writers.map(String).toSorted());
  });
});
