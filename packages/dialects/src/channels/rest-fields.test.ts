import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { channelsRest } from './rest.ts';
import { ListQuery, listAsk } from './rest-query.ts';

/** Field → complaints. What is absent is worded by the presenter. */
function complaints(schema: z.ZodType, sent: unknown): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (const { path, message, input } of schema.safeParse(sent, { reportInput: true }).error?.issues ?? []) {
    const name = path.join('.');
    fields[name] = [...(fields[name] ?? []), input === undefined ? 'absent' : message];
  }
  return fields;
}

const good = { email: 'ann@example.com', name: 'Ann', password: 'a long enough one' };
const register = (sent: object) => complaints(channelsRest.register.body, { ...good, ...sent });
const create = (sent: object) => complaints(channelsRest.createRoom.body, { name: 'General', ...sent });

describe('registration', () => {
  it('is complained about field by field', () => {
    expect(complaints(channelsRest.register.body, {})).toStrictEqual({
      email: ['absent'],
      name: ['absent'],
      password: ['absent'],
    });
  });

  it.each<[object, Record<string, string[]>]>([
    [{}, {}],
    [{ email: '' }, { email: ['This field may not be blank.'] }],
    [{ email: null }, { email: ['This field may not be null.'] }],
    [{ email: 'ann' }, { email: ['Enter a valid email address.'] }],
    [{ name: ['Ann'] }, { name: ['Not a valid string.'] }],
    [{ name: true }, { name: ['Not a valid string.'] }],
    [{ name: 'x'.repeat(101) }, { name: ['Ensure this field has no more than 100 characters.'] }],
    [{ name: '💬'.repeat(100) }, {}],
    [{ name: 'Ann\u202e' }, { name: ['Enter a valid value.'] }],
    [{ name: '\ud83d' }, { name: ['Surrogate characters are not allowed: U+D83D.'] }],
    [{ name: 'Ann\0' }, { name: ['Null characters are not allowed.'] }],
    [
      { password: '1234567' },
      {
        password: [
          'This password is too short. It must contain at least 8 characters.',
          'This password is too common.',
          'This password is entirely numeric.',
        ],
      },
    ],
    [{ password: 'Password123' }, { password: ['This password is too common.'] }],
    [{ password: '58203946175' }, { password: ['This password is entirely numeric.'] }],
    [{ password: '' }, { password: ['This field may not be blank.'] }],
    [{ confirm_password: 'another one' }, { confirm_password: ['Passwords do not match.'] }],
    [{ confirm_password: good.password }, {}],
  ])('%j: %j', (sent, expected) => {
    expect(register(sent)).toStrictEqual(expected);
  });
});

describe('a room', () => {
  it.each<[object, Record<string, string[]>]>([
    [{ room_type: 'foo' }, { room_type: ['"foo" is not a valid choice.'] }],
    [{ room_type: 7 }, { room_type: ['"7" is not a valid choice.'] }],
    [{ room_type: null }, { room_type: ['This field may not be null.'] }],
    [{ room_type: 'x'.repeat(9_000) }, { room_type: [`"${'x'.repeat(100)}" is not a valid choice.`] }],
    [{ name: '   ' }, { name: ['This field may not be blank.'] }],
    [{ name: 'x'.repeat(101) }, { name: ['Ensure this field has no more than 100 characters.'] }],
    [{ description: '' }, {}],
    [{ description: null }, { description: ['This field may not be null.'] }],
  ])('%j: %j', (sent, expected) => {
    expect(create(sent)).toStrictEqual(expected);
  });
});

describe('what a list is asked for', () => {
  it.each([
    [{ limit: 'x' }, { limit: ['A valid integer is required.'] }],
    [{ limit: '0' }, { limit: ['Ensure this value is greater than or equal to 1.'] }],
    [{ before: 'yesterday' }, { before: ['Enter a valid date/time.'] }],
    [{ date_from: '2024-13-01' }, { date_from: ['Enter a valid date/time.'] }],
    [{ search: 'x'.repeat(401) }, { search: ['Ensure this field has no more than 400 characters.'] }],
    [{ limit: ['1', '2'] }, { limit: ['Invalid input: expected string, received array'] }],
  ])('%j: %j', (sent, expected) => {
    expect(complaints(ListQuery, sent)).toStrictEqual(expected);
  });

  it('takes a filter that was left blank for none', () => {
    const query = channelsRest.listRooms.query;
    const blank = { limit: '', before: '', after: '', date_from: '', until: '', room_type: '' };
    const ask = listAsk(query.parse(blank));
    expect(ask).toStrictEqual(listAsk(query.parse({})));
    expect(ask.paged).toBe(false);
    expect(listAsk(query.parse({ ...blank, search: 'x' }))).toMatchObject({ paged: true, search: 'x' });
  });

  it('is a page only when anything is', () => {
    expect(listAsk(ListQuery.parse({ page: '2' })).paged).toBe(false);
    for (const name of ['limit', 'before', 'after']) {
      expect(listAsk(ListQuery.parse({ [name]: '3' })).paged).toBe(true);
    }
    expect(listAsk(ListQuery.parse({ search: '' })).paged).toBe(true);
    expect(listAsk({ ...ListQuery.parse({}), room_type: 'chat' }).paged).toBe(true);
  });

  it.each(['date_from', 'start_date', 'created_after', 'created_at__gte', 'since'])('from, as %s', (name) => {
    const ask = listAsk(ListQuery.parse({ [name]: '2024-01-01T12:00:00+02:00' }));
    expect(ask).toMatchObject({ paged: true, since: new Date('2024-01-01T10:00:00Z'), until: undefined });
  });

  it.each(['date_to', 'end_date', 'created_before', 'created_at__lte', 'until'])('to, as %s', (name) => {
    expect(listAsk(ListQuery.parse({ [name]: '2024-01-01' })).until).toStrictEqual(
      new Date('2024-01-01T23:59:59.999Z'),
    );
  });
});
