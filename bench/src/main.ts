// `npm run bench`: measurements on this machine, over 127.0.0.1 alone. Without a word: one process; `cluster`: what an event costs as nodes
// are added; `conversation`: how much one socket gets into one conversation.
import { clusterCost } from './cluster-cost.ts';
import { oneConversation } from './one-conversation.ts';
import { oneProcess } from './one-process.ts';

const [what, ...rest] = process.argv.slice(2);
if (what === undefined) await oneProcess();
else if (what === 'cluster') process.exitCode = (await clusterCost(rest)) ? 0 : 1;
else if (what === 'conversation') await oneConversation(rest);
else {
  process.stderr.write(
    'npm run bench [-- cluster [--nodes 2,4] [--rounds 5] | conversation [--cluster] [--against FOLDER]]\n',
  );
  process.exitCode = 1;
}
