import { type Doc, doc, type Plain } from '../bson/value.ts';
import type { FindRun } from '../engine/find-run.ts';
import { CommandError } from '../errors.ts';
import { document } from './arguments.ts';
import type { Command, Invocation } from './command.ts';
import { findRun } from './find.ts';

/** Runs a find to its end and tells how it went; other commands are not explained. */
async function run(invocation: Invocation): Promise<Doc> {
  const inner = document(invocation.body, 'explain');
  const name = inner?.get('find');
  if (inner === undefined || typeof name !== 'string')
    throw new CommandError(115, 'explain is supported for find only');
  const started = performance.now();
  const query = findRun(invocation, inner, name);
  let returned = 0;
  if (query !== undefined) while ((await query.next(invocation.pace)) !== undefined) returned++;
  return doc({
    queryPlanner: { namespace: `${invocation.db}.${name}`, winningPlan: stage(query) },
    executionStats: {
      executionSuccess: true,
      nReturned: returned,
      executionTimeMillis: Math.round(performance.now() - started),
      totalDocsExamined: query?.examined ?? 0,
      executionStages: stage(query),
    },
    ok: 1,
  });
}

function stage(query: FindRun | undefined): Plain {
  if (query === undefined) return { stage: 'EOF' };
  const { scans, sorted, reverse } = query.plan;
  const input: Plain =
    scans === undefined
      ? { stage: 'COLLSCAN', direction: reverse ? 'backward' : 'forward' }
      : {
          stage: 'FETCH',
          inputStage: {
            stage: 'IXSCAN',
            indexName: [...new Set(scans.map(({ index }) => index.name))].join(', '),
            direction: reverse ? 'backward' : 'forward',
          },
        };
  return sorted ? input : { stage: 'SORT', inputStage: input };
}

export const explain: Command = { fields: ['verbosity'], run };
