import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chooseServers, knownServers, serversFolder } from '../../lib/cli/servers/server-folders.ts';
import { exitCodes, LabError } from '../../lib/config/lab-error.ts';
import { allCases } from './all-cases.ts';
import { buildServer, BuildSkipped, missingToolchain, type BuiltServer } from './built-server.ts';
import { ContractRun, type CaseOutcome } from './run-contract.ts';
import { unknownDeviations } from './unknown-deviations.ts';

const usage = `usage: npm run contract -- <server>... [--case <name>]...
  <server>       a name in assets/servers, or a server's folder such as ./mine
  --case <name>  only this case (may be repeated)
exit codes: 0 every promise is kept, 1 one is broken, 2 usage, 3 a server cannot be built here
`;
const marks: Readonly<Record<CaseOutcome['result'], string>> = {
  passed: '✔',
  failed: '✘',
  'known deviation': '~',
  'stale deviation': '✘',
};

/** What is asked for: servers as they are named, and the cases to run (none: all). */
interface Request {
  readonly servers: readonly string[];
  readonly caseNames: readonly string[];
}

function print(text: string): void {
  process.stdout.write(text);
}

/** Reads the words of the command line; null when they ask for help. Throws LabError `usage`. */
function readWords(words: readonly string[]): Request | null {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        case: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split('. ');
    throw new LabError('usage', sentence, 'see npm run contract -- --help for what it takes', { cause: error });
  }
  const { values, positionals: servers } = parsed;
  if (values.help) return null;
  const unknownCase = values.case.find((name) => !allCases.some((contractCase) => contractCase.name === name));
  if (unknownCase !== undefined) {
    throw new LabError(
      'usage',
      `there is no case '${unknownCase}'`,
      `choose from ${allCases.map(({ name }) => name).join(', ')}`,
    );
  }
  if (servers.length === 0) throw new LabError('usage', 'no server is named', 'give a name or a folder such as ./mine');
  return { servers, caseNames: values.case };
}

/** The folders of servers that are named as in `c1m run --servers`. */
function foldersOf(servers: readonly string[]): readonly string[] {
  return chooseServers(knownServers(), servers, process.cwd()).map(
    ({ description, outsideFolder }) => outsideFolder ?? join(serversFolder, description.name),
  );
}

function build(folder: string): BuiltServer {
  const missing = missingToolchain(folder);
  const toolchains = 'sh bin/install-toolchains.sh installs what can be had (docs/servers.md, Toolchains)';
  if (missing !== null) throw new LabError('environment', missing, toolchains);
  try {
    return buildServer(folder);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof BuildSkipped) throw new LabError('environment', message, toolchains, { cause: error });
    throw new LabError('environment', message, `mend ${join(folder, 'build')}: it printed what is above`, {
      cause: error,
    });
  }
}

/** Runs the suite against one server and gives whether it keeps every promise. */
async function keepsContract(server: BuiltServer, caseNames: readonly string[]): Promise<boolean> {
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
  return unknown.length === 0 && !counts.has('failed') && !counts.has('stale deviation');
}

/** Prints what the user can do something about in two lines, and gives its exit code; other errors are the lab's own. */
function report(error: unknown): number {
  if (!(error instanceof LabError)) throw error;
  process.stderr.write(`${error.twoLines}\n`);
  return exitCodes[error.code];
}

async function main(words: readonly string[]): Promise<number> {
  let request;
  let folders;
  try {
    request = readWords(words);
    if (request === null) {
      print(usage);
      return exitCodes.ok;
    }
    folders = foldersOf(request.servers);
  } catch (error) {
    return report(error);
  }
  let worst = 0;
  for (const folder of folders) {
    try {
      worst = Math.max(worst, (await keepsContract(build(folder), request.caseNames)) ? 0 : 1);
    } catch (error) {
      worst = Math.max(worst, report(error));
    }
  }
  return worst;
}

process.exit(await main(process.argv.slice(2)));
