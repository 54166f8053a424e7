/** What the last whole run of the installer's tests showed, as a page of the documentation. */
import { basename } from 'node:path';
import type { Report } from './vitest-run.ts';

export function matrixPage(report: Report, at: Date) {
  const files = [...report.testResults].sort((a, b) => a.name.localeCompare(b.name));
  const rows = files.flatMap((file) =>
    file.assertionResults.map((test) => {
      const name = [...test.ancestorTitles, test.title].join(': ').replaceAll('|', '\\|');
      const seconds = ((test.duration ?? 0) / 1_000).toFixed(1);
      return `| ${basename(file.name, '.test.ts')} | ${name} | ${test.status} | ${seconds} |`;
    }),
  );
  return `# Tests of installer and packages: the last whole run

<!-- Written by \`npm run test:installer\`; do not edit. -->

${at.toISOString().slice(0, 10)}: ${report.numPassedTests} passed, ${report.numFailedTests} failed. The Windows installer ran under
wine 10 with an older Electron as a stand-in, the Debian package in directories with Debian 12 and 13. wine is not Windows: a pass
means that the code path ran and left what it should. What only a real Windows can show is in \`scripts/verify-windows.ps1\`.

| file | test | result | s |
|---|---|---|---|
${rows.join('\n')}
`;
}
