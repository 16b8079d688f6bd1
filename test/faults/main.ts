import { parseArgs } from 'node:util';
import { textTable } from '../../lib/text/text-table.ts';
import { cells } from './cells.ts';
import { questions, tryCell, type Answers } from './try-cell.ts';

const usage = `usage: npm run test:faults -- [--only TEXT] [--times N] [--at-once N] [--verbose] [--list]
  --only TEXT   the cells whose name holds TEXT, such as drive/ or /KILL; several, separated by commas
  --times N     each so many times [default = 1]
  --at-once N   cells under way at a time, as most wait most of the time [default = 1]
  --verbose     what a command printed whose cell is wrong
  --list        the cells' names, and nothing else
`;

/** Tries cells, prints each as it is done and all as a table; the exit code. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      times: { type: 'string', default: '1' },
      'at-once': { type: 'string', default: '1' },
      verbose: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const wanted = values.only.split(',');
  const chosen = cells.filter(({ name }) => wanted.some((text) => name.includes(text)));
  if (values.list) {
    process.stdout.write(chosen.map(({ name }) => `${name}\n`).join(''));
    return 0;
  }
  if (chosen.length === 0) {
    process.stderr.write(`error: no cell's name holds '${values.only}'\n  fix: --list names them\n`);
    return 2;
  }
  const rows: string[][] = [];
  let wrong = 0;
  const waiting = Array.from({ length: Number(values.times) }, () => chosen)
    .flat()
    .values();
  const tryInTurn = async (): Promise<void> => {
    for (const cell of waiting) {
      const answers = await tryCell(cell).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      );
      const right = !(answers instanceof Error) && questions.every((question) => answers[question] === null);
      if (!right) wrong += 1;
      const row = [cell.name, right ? 'right' : 'WRONG', ...describe(answers)];
      rows.push(row);
      process.stdout.write(`${row.join('  ')}\n`);
      if (!right && values.verbose && !(answers instanceof Error)) process.stdout.write(`${answers.printed}\n`);
    }
  };
  await Promise.all(Array.from({ length: Number(values['at-once']) }, tryInTurn));
  const heading = ['cell', '', 'seconds', ...questions];
  process.stdout.write(
    `\n${textTable(
      [heading, ...rows],
      heading.map(() => 'left'),
    ).join('\n')}\n`,
  );
  process.stdout.write(`\n${rows.length - wrong} of ${rows.length} cells are right\n`);
  return wrong === 0 ? 0 : 1;
}

function describe(answers: Answers | Error): readonly string[] {
  if (answers instanceof Error) return ['', answers.message.slice(0, 300)];
  return [answers.seconds.toFixed(1), ...questions.map((question) => answers[question] ?? 'ok')];
}

process.exitCode = await main();
