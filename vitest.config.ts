import { configDefaults, defineConfig } from 'vitest/config';

/** What takes the machine's time for its measure, and so runs when no other test does. */
const alone = 'tests/**/*.alone.test.ts';

export default defineConfig({
  resolve: { conditions: ['development', 'node', 'import', 'default'] },
  // Vitest hands these to Node, where `import` would also decide what `require` finds.
  ssr: { resolve: { conditions: ['development', 'node'] } },
  test: {
    // Ample: every wait inside a test has a deadline of its own, and says what it waited for.
    testTimeout: 60_000,
    hookTimeout: 90_000,
    // None while developing. Where a busy neighbour may hold the machine up, another try is granted, and the tally names who needed it.
    retry: Number(process.env.SWITCHBOARD_TEST_RETRIES ?? 0),
    // Most of the time is spent waiting for processes; one worker would leave a machine of two cores idle.
    maxWorkers: 2,
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          include: [alone],
          maxWorkers: 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['packages/**/*.test.ts', 'services/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: [...configDefaults.exclude, alone],
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
