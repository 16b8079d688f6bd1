import { commandGrants, grantedCommands, type Grant, type GrantTarget } from './grants.ts';

/** What a grant is restricted to, for people. */
const targets: Readonly<Record<GrantTarget, string>> = {
  anything: 'any',
  commands: "the lab's Command documents",
  documents: "the lab's documents",
  hosts: "instances with the lab's tag",
  benchmark: 'the Benchmark document',
  executions: 'automation executions',
  parameter: "the lab's parameter",
  'bootstrap version': "the bootstrap's version",
  stack: "the lab's stack",
  quotas: 'quotas of EC2 and VPC',
  bucket: 'the results bucket',
  'raw files': 'raw files',
  'bucket files': 'files in the bucket',
  'automation role': 'the automation role, to SSM',
  'bootstrap roles': 'roles of `cdk bootstrap`',
};

/** The Markdown table of every action, what it is restricted to, and the commands that need it. */
export function grantsTable(): string {
  const rows = new Map<string, string[]>();
  for (const command of grantedCommands) {
    const grants: readonly Grant[] = commandGrants[command];
    for (const { action, on } of grants) {
      const cells = `\`${action}\` | ${targets[on]}`;
      const users = rows.get(cells) ?? [];
      if (!users.includes(command)) users.push(command);
      rows.set(cells, users);
    }
  }
  const all = grantedCommands.length;
  const body = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([cells, users]) => [...cells.split(' | '), users.length === all ? 'all' : users.join(', ')]);
  const table = [['action', 'on', 'commands'], ...body];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], fill = ' '): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  const [head = [], ...rest] = table;
  return [line(head), line(['', '', ''], '-'), ...rest.map((row) => line(row))].join('\n');
}
