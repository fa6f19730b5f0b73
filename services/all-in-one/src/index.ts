export { type AllInOneConfig, allInOneConfig, readConfig } from './config.ts';
export { type AllInOne, type AllInOneOverrides, startAllInOne } from './start-all-in-one.ts';
