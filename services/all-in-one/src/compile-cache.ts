import * as nodeModule from 'node:module';

/**
 * Keeps what the engine compiled of the modules loaded from now on, so that the next start need not compile them again. Where Node is too old for it (before 22.8),
 * nothing happens. The folder must be nobody else's to write: what lies in it is run.
 */
export function keepCompiledCode(folder: string): void {
  const { enableCompileCache } = nodeModule as { readonly enableCompileCache?: (folder: string) => unknown };
  enableCompileCache?.(folder);
}
