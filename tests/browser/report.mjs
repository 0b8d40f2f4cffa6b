// Counts checks and prints them.

export class Report {
  passed = 0;
  failed = 0;

  group(title) {
    console.log(`\n${title}`);
  }

  check(what, holds) {
    if (holds) this.passed += 1;
    else this.failed += 1;
    console.log(`  ${holds ? "ok    " : "FAILED"} ${what}`);
  }

  note(what) {
    console.log(`  note   ${what}`);
  }

  /** The closing line; the exit status says whether all passed. */
  end() {
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}
