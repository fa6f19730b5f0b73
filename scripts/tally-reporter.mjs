// The last line of a test run: `N passed, N failed`, with what was skipped, for people and for machines.
export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    let failed = 0;
    let skipped = 0;
    const unsteady = [];
    for (const module of modules) {
      let ran = false;
      for (const test of module.children.allTests()) {
        ran = true;
        const state = test.result().state;
        if (test.diagnostic()?.flaky) unsteady.push(`${module.relativeModuleId} > ${test.fullName}`);
        if (state === 'passed') passed += 1;
        else if (state === 'skipped') skipped += 1;
        else failed += 1;
      }
      // A file that could not be loaded has no tests, only errors.
      if (!ran || module.errors().length > 0) failed += Math.max(1, module.errors().length);
    }
    failed += unhandledErrors.length;
    this.line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // After the default reporter's own summary, which is printed in the same tick.
    const missing = process.env.SWITCHBOARD_MISSING_PROGRAMS;
    const notRun = missing
      ? `NOT RUN, for want of ${missing}: the engines on real servers and everything on a cluster. See CONTRIBUTING.md.\n`
      : '';
    const named = unsteady.map((name) => `did not pass at the first try: ${name}\n`).join('');
    process.once('exit', () => process.stdout.write(`${notRun}${named}${this.line}\n`));
  }
}
