import { isDeepStrictEqual } from 'node:util';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { badValue, CommandError } from '../errors.ts';
import { compilePipeline } from '../query/pipeline.ts';
import { fromPlain, toPlain, toPlainObject } from '../query/plain.ts';

const STAGES = new Set(['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith']);

/** An update given as a pipeline. Fields that it leaves as they were keep their exact BSON types. */
export function compilePipelineUpdate(stages: readonly Value[]): (document: Doc) => Doc {
  for (const stage of stages) {
    const name = isDoc(stage) ? stage.keys().next().value : undefined;
    if (name === undefined || !STAGES.has(name))
      throw badValue(`${name ?? 'that'} is not allowed to be used within an update`);
  }
  const run = compilePipeline(stages);
  return (document) => {
    const [result] = run([toPlainObject(document)]);
    if (result === undefined) throw new CommandError(1, 'the update pipeline yielded no document');
    const after: Doc = new Map();
    const id = document.get('_id');
    if (id !== undefined) after.set('_id', id);
    for (const [name, value] of Object.entries(result)) {
      if (value === undefined) continue;
      const before = document.get(name);
      const unchanged = before !== undefined && isDeepStrictEqual(toPlain(before), value);
      after.set(name, unchanged ? before : fromPlain(value));
    }
    return after;
  };
}
