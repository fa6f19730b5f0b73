import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['development', 'node', 'import', 'default'] },
  // Vitest hands these to Node, where `import` would also decide what `require` finds.
  ssr: { resolve: { conditions: ['development', 'node'] } },
  test: {
    include: ['packages/**/*.test.ts', 'services/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    passWithNoTests: false,
  },
});
