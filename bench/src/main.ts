// `npm run bench`: measurements on this machine, over 127.0.0.1 alone. Without a word: one process; `cluster`: what an event costs as nodes are added.
import { clusterCost } from './cluster-cost.ts';
import { oneProcess } from './one-process.ts';

const [what, ...rest] = process.argv.slice(2);
if (what === undefined) await oneProcess();
else if (what === 'cluster' && rest.length === 0) process.exitCode = (await clusterCost()) ? 0 : 1;
else {
  process.stderr.write('npm run bench [-- cluster]\n');
  process.exitCode = 1;
}
