import { Aggregator } from 'mingo/aggregator';
import { ProcessingMode } from 'mingo/core';
import { isDoc, type Value } from '../bson/value.ts';
import { badValue, CommandError } from '../errors.ts';
import { asCommandError } from './mingo-context.ts';
import { pipelineContext } from './pipeline-context.ts';
import { toPlainExpression } from './plain.ts';

type PlainObject = Record<string, unknown>;

const FORBIDDEN = new Set(['$function', '$accumulator', '$where']);

/** What a pipeline runs on, and what other collections it may look into. */
export type PipelineRun = (
  documents: PlainObject[],
  collections?: ReadonlyMap<string, PlainObject[]>,
) => PlainObject[];

/** @throws CommandError for a stage that is unknown or not supported */
export function checkPipeline(stages: readonly Value[]): void {
  for (const stage of stages) checkStage(stage);
}

/** @throws CommandError as `checkPipeline` does */
export function compilePipeline(stages: readonly Value[]): PipelineRun {
  checkPipeline(stages);
  const plain = stages.map((stage) => toPlainExpression(stage) as PlainObject);
  return (documents, collections) => {
    try {
      const aggregator = new Aggregator(plain, {
        idKey: '_id',
        context: pipelineContext,
        scriptEnabled: false,
        useStrictMode: true,
        failOnError: true,
        processingMode: ProcessingMode.CLONE_INPUT,
        collectionResolver: (name) => collections?.get(name) ?? [],
      });
      return aggregator.run(documents);
    } catch (error) {
      throw asCommandError(error);
    }
  };
}

function checkStage(stage: Value): void {
  if (!isDoc(stage)) throw new CommandError(14, "Each element of the 'pipeline' array must be an object");
  const [name, ...others] = [...stage.keys()];
  if (name === undefined || others.length > 0) {
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  if (name === '$changeStream')
    throw new CommandError(40573, 'The $changeStream stage is only supported on replica sets');
  if (name === '$out' || name === '$merge') throw badValue(`the ${name} stage is not supported`);
  if (pipelineContext.getOperator('pipeline' as never, name) === null) {
    throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
  }
  refuseScripts(stage);
}

function refuseScripts(value: Value): void {
  if (isDoc(value)) {
    for (const [name, item] of value) {
      if (FORBIDDEN.has(name)) throw badValue(`${name} is not supported: server-side JavaScript is off`);
      refuseScripts(item);
    }
  } else if (Array.isArray(value)) for (const item of value) refuseScripts(item);
}
