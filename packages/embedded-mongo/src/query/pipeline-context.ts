import { Context } from 'mingo/core';
import { Lazy } from 'mingo/lazy';
import * as stages from 'mingo/operators/pipeline';
import { isDoc } from '../bson/value.ts';
import { badValue } from '../errors.ts';
import { compileFilter } from './filter.ts';
import { expressionContext } from './mingo-context.ts';
import { fromPlain, fromPlainObject } from './plain.ts';
import { parseSort, sortKey } from './sort.ts';

const { $out: _out, $merge: _merge, ...readStages } = stages;

/** Inside a pipeline, filtering and sorting follow the same rules as outside, rather than mingo's own. */
const ownStages = {
  $match: (...[documents, query]: Parameters<typeof stages.$match>) => {
    const filter = fromPlain(query);
    if (!isDoc(filter)) throw badValue('the $match filter must be an object');
    const { matches } = compileFilter(filter);
    return documents.filter((document) => matches(fromPlainObject(document as object)));
  },
  $sort: (...[documents, spec]: Parameters<typeof stages.$sort>) => {
    const sort = parseSort(fromPlain(spec));
    if (sort.length === 0) throw badValue('$sort stage must have at least one sort key');
    return documents.transform((all) => {
      const keyed = (all as object[]).map((document) => ({
        document,
        key: sortKey(fromPlainObject(document), sort),
      }));
      return Lazy(keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ document }) => document));
    });
  },
};

/** The stages that read; those that write, `$out` and `$merge`, are not there. Made once: it is never added to, and making it costs more than most pipelines. */
export const pipelineContext: Context = Context.from(
  expressionContext,
  Context.init({ pipeline: { ...readStages, ...ownStages } }),
);
