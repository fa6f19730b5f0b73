import { expect, it } from 'vitest';
import { keptBusy } from './kept-busy.ts';

/** Says what it is told to, one answer a second, the last one for ever. */
async function ask(deadline: number, ...answers: readonly (string | null | undefined)[]) {
  let time = 100_000;
  let asked = 0;
  const busy = await keptBusy({
    claimed: async () => {
      const answer = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      time += 1_000;
      return answer;
    },
    deadline,
    now: () => time,
    askEveryMs: 0,
  });
  return { busy, seconds: (time - 100_000) / 1_000 };
}

it('waits for a user to be free until the deadline, and no longer', async () => {
  expect(await ask(110_000, 'call', 'call', null)).toEqual({ busy: false, seconds: 3 });
  expect(await ask(110_000, 'call')).toEqual({ busy: true, seconds: 11 });
});

it('gives a user no time beyond a deadline that is past, but what it takes to be let go and to answer', async () => {
  expect(await ask(50_000, null)).toEqual({ busy: false, seconds: 1 });
  expect(await ask(50_000, 'call', null)).toEqual({ busy: false, seconds: 2 });
  expect(await ask(50_000, 'call')).toEqual({ busy: true, seconds: 3 });
  expect(await ask(50_000, undefined, undefined, undefined, undefined, null)).toMatchObject({ busy: false });
  expect(await ask(50_000, undefined)).toEqual({ busy: true, seconds: 21 });
});
