// Adds up the suites' JSON reports; a suite without a report counts as one failure, and so does a failed check.
import { readFileSync } from "node:fs";

const [status, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const path of reports) {
  try {
    const report = JSON.parse(readFileSync(path, "utf8"));
    passed += report.numPassedTests;
    // A file that cannot be loaded has no tests to fail.
    failed += report.numFailedTests + report.testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0).length;
  } catch (error) {
    console.error(`${path}: ${error.message}`);
    failed += 1;
  }
}
if (status !== "0" && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
