import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import type { RoomId } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { range, TestNode } from '../../testing/chat-harness.ts';

interface Item {
  readonly id: number;
  readonly content: string;
  readonly name: string;
  readonly created_at: string;
}

let database: TestMongo;
let node: TestNode;
let url: string;
beforeAll(async () => {
  database = await startTestMongo();
  node = await TestNode.start(database.database('channels'));
  url = (await node.listen()).url;
});
afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function get(at: string) {
  const response = await fetch(at.startsWith('/') ? url + at : at, {
    headers: { authorization: 'Bearer 1' },
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server said.
  return { status: response.status, body: (await response.json()) as any };
}

/** Every page from here to the end, by `next` or by `previous`. */
async function walk(at: string, by: 'next' | 'previous' = 'next'): Promise<Item[][]> {
  const pages: Item[][] = [];
  for (let next: string | null = at; next !== null; ) {
    const { status, body } = await get(next);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['count', 'next', 'previous', 'results']);
    pages.push(body.results);
    next = body[by];
    if (next !== null) expect(next.startsWith(`${url}/api/rooms/`)).toBe(true);
    expect(pages.length).toBeLessThan(50);
  }
  return pages;
}
const ids = (items: readonly Item[]) => items.map(({ id }) => id);
const texts = (items: readonly Item[]) => items.map(({ content }) => content);

describe('messages', () => {
  let room: RoomId;
  let path: string;
  beforeAll(async () => {
    room = (await node.makeRoom(1, 'Messages')).id;
    path = `/api/rooms/${room}/messages/`;
    for (const n of range(11)) await node.say(n % 2 ? 1 : 2, room, n % 3 ? `message ${n}` : `Fizz ${n}`);
  });

  it('are a bare array, oldest first, when nothing is asked for', async () => {
    const { body } = await get(`${path}?page=2&unknown=1`);
    expect(ids(body)).toEqual(range(11));
    expect(body[1]).toEqual({
      id: 2,
      user: { id: 2, email: 'user2@example.com', name: 'User 2' },
      content: 'message 2',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  it('come once each by following next, oldest first', async () => {
    const pages = await walk(`${path}?limit=4`);
    expect(pages.map(ids)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11],
    ]);
    const { body } = await get(`${path}?limit=4`);
    expect(body).toMatchObject({ count: 11, previous: null });
    expect((await walk(`${path}?limit=11`)).map(ids)).toEqual([range(11)]);
  });

  it('page back from a message or a time, each page oldest first', async () => {
    expect((await walk(`${path}?before=9&limit=3`)).map(ids)).toEqual([
      [6, 7, 8],
      [3, 4, 5],
      [1, 2],
    ]);
    const at = (await get(path)).body[8].created_at;
    const byTime = await walk(`${path}?limit=3&before=${encodeURIComponent(at)}`);
    expect(byTime.map(ids)).toEqual([
      [6, 7, 8],
      [3, 4, 5],
      [1, 2],
    ]);
    expect(ids((await get(`${path}?after=${encodeURIComponent(at)}`)).body.results)).toEqual([10, 11]);
    expect((await get(`${path}?before=1`)).body).toMatchObject({ next: null, results: [] });
  });

  it('come back by previous', async () => {
    const { body: second } = await get(`${path}?limit=4&after=4`);
    expect((await walk(`${path}?limit=4&after=8`, 'previous')).map(ids)).toEqual([
      [9, 10, 11],
      [5, 6, 7, 8],
      [1, 2, 3, 4],
    ]);
    expect((await get(second.previous)).body.next).toBe((await get(`${path}?limit=4`)).body.next);
    expect((await walk(`${path}?limit=4&before=4`, 'previous')).map(ids)).toEqual([
      [1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]);
  });

  it('are searched by what they say, page by page', async () => {
    expect((await walk(`${path}?search=fizz&limit=2`)).map(texts)).toEqual([
      ['Fizz 3', 'Fizz 6'],
      ['Fizz 9'],
    ]);
    expect((await get(`${path}?search=nothing+like+it`)).body).toEqual({
      count: 0,
      next: null,
      previous: null,
      results: [],
    });
    expect((await get(`${path}?search=FIZZ`)).body.count).toBe(3);
    expect((await get(`${path}?search=.*`)).body.count).toBe(0);
  });

  it('are narrowed to a time, both ends included', async () => {
    const all = (await get(path)).body as Item[];
    const [from, to] = [all[2], all[5]].map((item) => encodeURIComponent(item?.created_at ?? ''));
    const within = await walk(`${path}?date_from=${from}&date_to=${to}&limit=3`);
    expect(within.map(ids)).toEqual([[3, 4, 5], [6]]);
    expect((await get(`${path}?created_after=${from}&created_before=${to}`)).body.count).toBe(4);
    expect((await get(`${path}?until=2020-01-01`)).body.count).toBe(0);
    expect((await get(`${path}?since=2020-01-01`)).body.count).toBe(11);
  });

  it('that are sent while somebody pages come at the end, once', async () => {
    const { id } = await node.makeRoom(1, 'Busy');
    for (const n of range(5)) await node.say(1, id, `m${n}`);
    const first = (await get(`/api/rooms/${id}/messages/?limit=2`)).body;
    for (const n of [6, 7]) await node.say(2, id, `m${n}`);
    const rest = await walk(first.next);
    expect(texts([...first.results, ...rest.flat()])).toEqual(range(7).map((n) => `m${n}`));
  });

  it('of no room are 404, and bad questions 400', async () => {
    for (const id of ['999999', '0', '-1', 'general', '1e3', '9'.repeat(40), '%00']) {
      expect(await get(`/api/rooms/${id}/messages/`)).toEqual({
        status: 404,
        body: { detail: 'Not found.' },
      });
    }
    for (const [query, body] of [
      ['limit=x', { limit: ['A valid integer is required.'] }],
      ['limit=0', { limit: ['Ensure this value is greater than or equal to 1.'] }],
      ['before=soon', { before: ['Enter a valid date/time.'] }],
      ['date_from=2024-02-31', { date_from: ['Enter a valid date/time.'] }],
      [`search=${'x'.repeat(201)}`, { search: ['Ensure this field has no more than 200 characters.'] }],
    ] as const) {
      expect(await get(`${path}?${query}`)).toEqual({ status: 400, body });
    }
  });
});

describe('rooms', () => {
  const made: number[] = [];
  beforeAll(async () => {
    for (const n of range(7)) {
      const video = n % 2 === 0;
      const name = video ? `Listed video ${n}` : `Listed ${n}`;
      const room = await node.makeRoom(70, name, { kind: video ? 'video' : 'chat' });
      made.push(Number(room.id));
    }
  });

  it('are a bare array of all when nothing is asked for', async () => {
    const { body } = await get('/api/rooms/');
    expect(ids(body).slice(-7)).toEqual(made);
    expect(body.at(-1)).toEqual({
      id: made[6],
      name: 'Listed 7',
      description: '',
      creator: { id: 70, email: 'user70@example.com', name: 'User 70' },
      room_type: 'chat',
      created_at: expect.any(String),
      is_active: true,
    });
  });

  it('come once each by following next', async () => {
    const pages = await walk('/api/rooms/?search=listed&limit=3');
    expect(pages.flat().map(({ id }) => id)).toEqual(made);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect((await get('/api/rooms/?search=listed&limit=3')).body.count).toBe(7);
  });

  it('page back, and return', async () => {
    const pages = await walk(`/api/rooms/?search=listed&limit=3&before=${made[5]}`);
    expect(pages.map(ids)).toEqual([made.slice(2, 5), made.slice(0, 2)]);
    const back = await walk(`/api/rooms/?search=listed&limit=3&after=${made[5]}`, 'previous');
    expect(back.map(ids)).toEqual([made.slice(6), made.slice(3, 6), made.slice(0, 3)]);
  });

  it('are filtered by type, name and time', async () => {
    expect(ids((await get('/api/rooms/?room_type=video&search=Listed')).body.results)).toEqual(
      made.filter((_, n) => n % 2),
    );
    expect((await get('/api/rooms/?search=VIDEO')).body.count).toBe(3);
    expect((await get('/api/rooms/?search=listed&before=2020-01-01')).body).toMatchObject({ count: 0 });
    expect((await get('/api/rooms/?search=listed&after=2020-01-01')).body).toMatchObject({ count: 7 });
    expect(await get('/api/rooms/?room_type=foo')).toEqual({
      status: 400,
      body: { room_type: ['"foo" is not a valid choice.'] },
    });
  });
});

it('CHANNELS_PAGINATION=true makes pages of all lists', async () => {
  await using paging = await TestNode.start(database.database('pages'), {
    env: { CHANNELS_PAGINATION: 'true' },
  });
  const { id } = await paging.makeRoom(1, 'Paged');
  await paging.say(1, id, 'Hello');
  const { url: base } = await paging.listen();
  expect((await get(`${base}/api/rooms/`)).body).toMatchObject({
    count: 1,
    next: null,
    previous: null,
    results: [{ name: 'Paged' }],
  });
  expect((await get(`${base}/api/rooms/${id}/messages/`)).body).toMatchObject({
    count: 1,
    next: null,
    previous: null,
    results: [{ id: 1, content: 'Hello' }],
  });
});
