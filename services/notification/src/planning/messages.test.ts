import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import {
  ConversationId,
  directConversation,
  type EventBody,
  type EventOf,
  type PushContentOf,
  UserId,
} from '@switchboard/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StoredDevice } from '../devices/device-store.ts';
import { eventually } from '../testing/eventually.ts';
import {
  newUser,
  quietAround,
  said,
  startTestPlanning,
  type TestPlanning,
} from '../testing/start-test-planning.ts';

const PATIENCE_MS = 20_000;

describe('what a message means for push targets', () => {
  let database: TestMongo;
  let planning: TestPlanning;
  let alice: UserId;
  let bob: UserId;
  let conversation: ConversationId;
  beforeAll(async () => {
    database = await startTestMongo();
    planning = await startTestPlanning(database.database('planned-messages'));
  });
  afterAll(async () => {
    await planning?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    alice = newUser();
    bob = newUser();
    conversation = directConversation(alice, bob);
    planning.self.signalingAway = false;
    planning.self.whileCounting = async () => undefined;
  });

  let rooms = 0;
  const newRoom = (followers: readonly UserId[]): ConversationId => {
    rooms += 1;
    const room = ConversationId.parse(`r:${rooms}`);
    planning.followers.set(room, [...followers]);
    return room;
  };
  const message = async (device: StoredDevice, about = conversation) => {
    const due = await planning.due(device, about);
    return due?.content.type === 'message' ? due.content : undefined;
  };
  const tells = (
    device: StoredDevice,
    seq: number,
    about = conversation,
  ): Promise<PushContentOf<'message'>> =>
    eventually(async () => {
      const content = await message(device, about);
      return content?.seq === seq ? content : undefined;
    }, PATIENCE_MS);
  const readUpTo = (upToSeq: number): EventBody<EventOf<'chat.message.read'>> => ({
    type: 'chat.message.read',
    conversationId: conversation,
    readerId: bob,
    read: [],
    upToSeq,
  });
  /** A round has gone through everybody whose turn came before this one's. */
  const roundIsOver = async (about: ConversationId, seq: number): Promise<void> => {
    const witness = newUser();
    const device = await planning.device(witness);
    // Behind all others in the order of ids.
    const last = UserId.parse(`9${witness}`);
    const lastDevice = await planning.device(last);
    planning.followers.set(about, [...(planning.followers.get(about) ?? []), last]);
    await planning.preferences.set(last, {
      messages: { direct: 'all', rooms: 'all' },
      previews: false,
    });
    await planning.publish(said(about, seq, witness, 'and so on'));
    await tells(lastDevice, seq, about);
    expect(await message(device, about)).toBeUndefined();
  };

  it('tells every device of a receiver who is not connected, and none of the sender', async () => {
    const [phone, tablet, own] = [
      await planning.device(bob),
      await planning.device(bob),
      await planning.device(alice),
    ];
    const event = said(conversation, 1, alice, `hello ${'x'.repeat(300)}`);
    await planning.publish(event);
    const content = await tells(phone, 1);
    expect(content).toEqual({
      type: 'message',
      conversationId: conversation,
      messageId: event.message.id,
      seq: 1,
      from: event.message.sender,
      contentType: 'text',
      preview: event.message.content.slice(0, 200),
      unread: 2,
      badge: 5,
    });
    expect(await tells(tablet, 1)).toEqual(content);
    expect(await message(own)).toBeUndefined();
  });

  it('tells nobody who is connected with any device, who has read it, or who wants no messages', async () => {
    const [carol, dave, eve] = [newUser(), newUser(), newUser()];
    const room = newRoom([alice, bob, carol, dave, eve]);
    const all = { messages: { direct: 'all', rooms: 'all' }, previews: true } as const;
    for (const user of [bob, carol, dave]) await planning.preferences.set(user, all);
    const [connected, beside] = [await planning.device(bob), await planning.device(bob)];
    planning.online(connected);
    const [reader, muted, byDefault] = [
      await planning.device(carol),
      await planning.device(dave),
      await planning.device(eve),
    ];
    planning.unread.set(carol, { conversation: 0, readSeq: 1 });
    const mutedUntil = new Date(planning.clock.now() + 60_000).toISOString();
    await planning.preferences.setConversation(
      dave,
      { conversationId: room, mutedUntil },
      new Date(planning.clock.now()),
    );
    await planning.publish(said(room, 1, alice, 'hello'));
    await roundIsOver(room, 2);
    for (const device of [connected, beside, reader, muted, byDefault]) {
      expect(await message(device, room)).toBeUndefined();
    }
  });

  it('writes nothing down for whoever is connected, or has nothing to be woken by', async () => {
    await planning.publish(said(conversation, 1, alice, 'hello'));
    expect(await planning.noted(conversation)).toBe(false);
    const phone = await planning.device(bob);
    planning.online(phone);
    await planning.publish(said(conversation, 2, alice, 'hello'));
    expect(await planning.noted(conversation)).toBe(false);
    const notes = directConversation(bob, bob);
    planning.live.delete(bob);
    await planning.publish({
      ...said(notes, 1, bob, 'buy milk'),
      message: { ...said(notes, 1, bob, 'buy milk').message, receiverId: bob },
    });
    expect(await planning.noted(notes)).toBe(false);
  });

  it('tells of a mention, whatever was said since, who wants to hear of mentions alone', async () => {
    const room = newRoom([alice, bob]);
    const phone = await planning.device(bob);
    await planning.publish(said(room, 1, alice, `ask @user${bob}, please`));
    await planning.publish(said(room, 2, alice, 'never mind'));
    expect(await tells(phone, 1, room)).toMatchObject({
      roomId: room.slice(2),
      preview: `ask @user${bob}, please`,
    });
  });

  it('tells each of two who wrote of what the other wrote', async () => {
    const [hers, his] = [await planning.device(alice), await planning.device(bob)];
    const room = newRoom([alice, bob]);
    const all = { messages: { direct: 'all', rooms: 'all' }, previews: true } as const;
    for (const user of [alice, bob]) await planning.preferences.set(user, all);
    await planning.publish(said(room, 1, alice, 'one'));
    await planning.publish(said(room, 2, bob, 'two'));
    await planning.publish(said(room, 3, bob, 'three'));
    expect(await tells(hers, 3, room)).toMatchObject({ preview: 'three' });
    expect(await tells(his, 1, room)).toMatchObject({ preview: 'one' });
  });

  it('holds no text for who wants no previews, and waits for the end of quiet hours', async () => {
    const phone = await planning.device(bob);
    const quiet = quietAround(planning.clock.now());
    await planning.preferences.set(bob, {
      messages: { direct: 'all', rooms: 'all' },
      previews: false,
      quietHours: { ...quiet, calls: 'ring' },
    });
    await planning.publish(said(conversation, 1, alice, 'secret'));
    expect(await tells(phone, 1)).not.toHaveProperty('preview');
    const due = await planning.due(phone, conversation);
    expect(new Date(due?.dueAt ?? 0).toISOString()).toContain(`T${quiet.to}:00`);
  });

  it('makes few rounds of many messages to a large room, and leaves nobody out', async () => {
    const people = Array.from({ length: 150 }, newUser);
    const room = newRoom([alice, ...people]);
    const devices: StoredDevice[] = [];
    for (const user of people) {
      devices.push(await planning.device(user));
      await planning.preferences.set(user, {
        messages: { direct: 'all', rooms: 'all' },
        previews: true,
      });
    }
    const before = planning.asked.followers;
    for (let seq = 1; seq <= 200; seq += 1) await planning.publish(said(room, seq, alice, `m${seq}`));
    for (const device of devices) await tells(device, 200, room);
    // Two pages a round.
    expect(planning.asked.followers - before).toBeLessThan(100);
  });

  it('tells nobody until it is known who is connected', async () => {
    const [phone, connected] = [await planning.device(bob), await planning.device(bob)];
    planning.online(connected);
    planning.self.signalingAway = true;
    const before = planning.asked.live;
    await planning.publish(said(conversation, 1, alice, 'hello'));
    await eventually(() => planning.asked.live > before, PATIENCE_MS);
    expect(await message(phone)).toBeUndefined();
    planning.live.delete(bob);
    planning.self.signalingAway = false;
    await tells(phone, 1);
  });

  it('read on another device: shown ones are taken away, and unsent ones are not sent', async () => {
    const [shown, unsent] = [await planning.device(bob), await planning.device(bob)];
    await planning.publish(said(conversation, 1, alice, 'hello'));
    await tells(shown, 1);
    await tells(unsent, 1);
    await planning.send(shown, conversation);
    planning.unread.set(bob, { total: 3 });
    await planning.publish(readUpTo(1));
    const taken = { type: 'conversation.read', conversationId: conversation, upToSeq: 1, badge: 3 };
    expect(await planning.due(shown, conversation)).toEqual({ content: taken, dueAt: expect.any(Number) });
    expect(await planning.due(unsent, conversation)).toEqual({ content: taken, dueAt: undefined });
  });

  it('read up to before it: it stays', async () => {
    const phone = await planning.device(bob);
    await planning.publish(said(conversation, 2, alice, 'hello'));
    await tells(phone, 2);
    await planning.publish(readUpTo(1));
    expect((await message(phone))?.seq).toBe(2);
  });

  it('read while it was being planned: it is taken back all the same', async () => {
    const phone = await planning.device(bob);
    // Counted before, read after: the event of it finds nothing to take back.
    planning.self.whileCounting = async () => {
      planning.unread.set(bob, { conversation: 0, readSeq: 1, total: 0 });
    };
    await planning.publish(said(conversation, 1, alice, 'hello'));
    await eventually(async () => {
      const due = await planning.due(phone, conversation);
      return due?.content.type === 'conversation.read' && due.dueAt === undefined;
    }, PATIENCE_MS);
  });
});
