import { parseArgs } from 'node:util';
import { ServerFolderError } from '../../lib/config/servers.ts';
import { allCases } from './all-cases.ts';
import { buildServer, missingToolchain, serverFolder } from './built-server.ts';
import { ContractRun, type CaseOutcome } from './run-contract.ts';
import { unknownDeviations } from './unknown-deviations.ts';

const usage = `usage: npm run contract -- <server>... [--case <name>]...
  <server>       a name in assets/servers, or the path of a server's folder
  --case <name>  only this case (may be repeated)
exit codes: 0 every promise is kept, 1 one is broken, 2 usage, 3 a server cannot be built here
`;
const marks: Readonly<Record<CaseOutcome['result'], string>> = {
  passed: '✔',
  failed: '✘',
  'known deviation': '~',
  'stale deviation': '✘',
};

function print(text: string): void {
  process.stdout.write(text);
}

async function contract(nameOrPath: string, caseNames: readonly string[]): Promise<number> {
  const folder = serverFolder(nameOrPath);
  let server;
  try {
    const missing = missingToolchain(folder);
    if (missing !== null) throw new Error(missing);
    server = buildServer(folder);
  } catch (error) {
    process.stderr.write(`contract: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof ServerFolderError ? 2 : 3;
  }
  const { title, framework } = server.description;
  print(`${title}, ${framework.name} ${framework.version}\n`);
  const unknown = unknownDeviations(server.description);
  for (const name of unknown) print(`  ✘ server.json lists a deviation in '${name}', which is no case\n`);
  const run = new ContractRun(server);
  const counts = new Map<CaseOutcome['result'], number>();
  try {
    for (const contractCase of allCases) {
      if (caseNames.length > 0 && !caseNames.includes(contractCase.name)) continue;
      const { result, detail, millis } = await run.run(contractCase);
      counts.set(result, (counts.get(result) ?? 0) + 1);
      print(`  ${marks[result]} ${contractCase.name.padEnd(33)} ${contractCase.promise} (${millis} ms)\n`);
      if (detail !== '') print(`      ${result}: ${detail}\n`);
    }
  } finally {
    await run.close();
  }
  print(`  ${[...counts].map(([result, count]) => `${count} ${result}`).join(', ')}\n`);
  return unknown.length === 0 && !counts.has('failed') && !counts.has('stale deviation') ? 0 : 1;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { case: { type: 'string', multiple: true, default: [] } },
});
const unknownCase = values.case.find((name) => !allCases.some((contractCase) => contractCase.name === name));
if (positionals.length === 0 || unknownCase !== undefined) {
  if (unknownCase !== undefined) process.stderr.write(`contract: there is no case '${unknownCase}'\n`);
  process.stderr.write(usage);
  process.exit(2);
}
let worst = 0;
for (const name of positionals) worst = Math.max(worst, await contract(name, values.case));
process.exit(worst);
