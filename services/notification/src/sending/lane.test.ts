import { describe, expect, it } from 'vitest';
import { backOffMs } from './back-off.ts';
import { Lane } from './lane.ts';
import { Lanes } from './lanes.ts';
import { retryAfterMs } from './outcome.ts';
import type { Provider } from './provider.ts';

const requests = { call: 4, chat: 8 };
const newLane = () => new Lane('host', { batch: 1, requests }, () => 1);
/** `times` requests, one after the other. */
function ask(lane: Lane, answered: boolean, now: number, times = 1): void {
  for (let n = 0; n < times; n++) {
    lane.begin('chat');
    lane.end('chat', answered, now);
  }
}

describe('a lane', () => {
  it('takes two at once until it has answered, then as many as it may', () => {
    const lane = newLane();
    expect([lane.free('call', 0), lane.free('chat', 0)]).toEqual([2, 2]);
    ask(lane, true, 0);
    expect([lane.free('call', 0), lane.free('chat', 0)]).toEqual([4, 8]);
    ask(lane, false, 0);
    expect(lane.free('chat', 0)).toBe(2);
  });

  it('keeps places for calls, however many messages it hangs on', () => {
    const lane = newLane();
    lane.begin('chat');
    lane.begin('chat');
    expect([lane.free('call', 0), lane.free('chat', 0)]).toEqual([2, 0]);
  });

  it('is left alone after five failures in a row, longer each time, and tried by one', () => {
    const lane = newLane();
    ask(lane, false, 0, 4);
    ask(lane, true, 0);
    ask(lane, false, 0, 4);
    expect(lane.open(0)).toBe(false);
    ask(lane, false, 0);
    expect([lane.open(1_999), lane.free('call', 1_999), lane.open(2_000)]).toEqual([true, 0, false]);
    expect(lane.free('chat', 2_000)).toBe(1);
    lane.begin('chat');
    expect([lane.free('chat', 2_000), lane.free('call', 2_000)]).toEqual([0, 0]);
    lane.end('chat', false, 2_000);
    expect([lane.open(5_999), lane.open(6_000)]).toEqual([true, false]);
    ask(lane, true, 6_000);
    expect(lane.free('chat', 6_000)).toBe(8);
  });

  it('is not left alone for longer because of what was in hand already', () => {
    const lane = newLane();
    for (let n = 0; n < 7; n++) lane.begin('chat');
    for (let n = 0; n < 7; n++) lane.end('chat', false, 0);
    expect([lane.open(1_999), lane.open(2_000)]).toEqual([true, false]);
  });

  it('is left alone for as long as it wishes', () => {
    const lane = newLane();
    lane.begin('chat');
    expect(lane.end('chat', false, 0, 60_000)).toBe(true);
    expect([lane.open(59_999), lane.open(60_000)]).toEqual([true, false]);
  });

  it('is not judged by what was given up for reasons of ours', () => {
    const lane = newLane();
    for (let n = 0; n < 10; n++) {
      lane.begin('call');
      lane.leave('call');
    }
    expect([lane.open(0), lane.inHand]).toEqual([false, 0]);
  });
});

describe('lanes', () => {
  const provider: Pick<Provider, 'batch' | 'requests'> = { batch: 1, requests };

  it('that have not answered yet share a bounded number of places; one that has keeps its own', () => {
    const lanes = new Lanes();
    const good = lanes.of('good', provider as Provider, 0);
    ask(good, true, 0);
    for (let n = 0; n < 100; n++) {
      const lane = lanes.of(`host${n}`, provider as Provider, 0);
      while (lanes.free(lane, 'chat', 0) > 0) lane.begin('chat');
    }
    const late = lanes.of('late', provider as Provider, 0);
    expect([lanes.free(late, 'chat', 0), lanes.free(good, 'chat', 0)]).toEqual([0, 8]);
    expect(lanes.full('chat', 0)).toContain('late');
    expect(lanes.full('chat', 0)).not.toContain('good');
  });

  it('are forgotten when there are too many, but for those in hand or left alone', () => {
    const lanes = new Lanes();
    const busy = lanes.of('busy', provider as Provider, 0);
    busy.begin('chat');
    const open = lanes.of('open', provider as Provider, 0);
    open.begin('chat');
    open.end('chat', false, 0, 60_000);
    for (let n = 0; n < 5_000; n++) lanes.of(`host${n}`, provider as Provider, 0);
    expect([lanes.get('busy'), lanes.get('open')]).toEqual([busy, open]);
    expect(lanes.get('host0')).toBeUndefined();
  });
});

it('back-off doubles, with jitter, up to a bound', () => {
  const least = (queue: 'call' | 'chat', attempts: number) => backOffMs(queue, attempts, () => 0);
  const most = (queue: 'call' | 'chat', attempts: number) => backOffMs(queue, attempts, () => 1);
  expect([least('call', 1), most('call', 1), most('call', 2), most('call', 50)]).toEqual([
    500, 1_000, 2_000, 8_000,
  ]);
  expect([least('chat', 1), most('chat', 1), most('chat', 3), most('chat', 5_000)]).toEqual([
    1_000, 2_000, 8_000, 900_000,
  ]);
});

it.each([
  [undefined, undefined],
  ['7', 7_000],
  ['0', 0],
  [' 3 ', 3_000],
  ['999999999', 3_600_000],
  ['-1', undefined],
  ['soon', undefined],
  ['', undefined],
  ['Thu, 01 Jan 1970 00:00:09 GMT', 8_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
])('Retry-After %j is %j', (header, ms) => {
  expect(retryAfterMs(header, 1_000)).toBe(ms);
});
