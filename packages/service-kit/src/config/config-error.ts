export interface ConfigProblem {
  readonly variable: string;
  /** What is wrong and what to write; never the value. */
  readonly problem: string;
}

/** Settings that cannot be used: every problem at once, for whoever has to mend them. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  /** @param problems A bare sentence stands for a problem that is not one variable's. */
  constructor(problems: readonly (ConfigProblem | string)[]) {
    const lines = problems.map(
      (each) => `  ${typeof each === 'string' ? each : `${each.variable} ${each.problem}`}`,
    );
    super(`The configuration has ${problems.length} problem(s):\n${lines.join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems.map((each) =>
      typeof each === 'string' ? { variable: '', problem: each } : each,
    );
  }
}
