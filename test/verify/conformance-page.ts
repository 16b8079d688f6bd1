import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { knownServers } from '../../lib/cli/servers/server-folders.ts';
import type { ConformanceCase } from '../../lib/verify/conformance/conformance-case.ts';
import { isAsAsked } from '../../lib/verify/conformance/conformance-summary.ts';
import { conformanceOf } from '../../lib/verify/conformance/conformance-table.ts';
import { conformanceThemes } from '../../lib/verify/conformance/observe.ts';

/** The page that shows the kept tables of all servers. */
export const pageFile = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));

const introduction = `# What the servers do with odd and illegal input

Made by \`node test/verify/conformance-page.ts\` from the \`conformance.json\` of each server, which \`npm run c1m -- verify <server> --record\` writes.

Nothing here passes or fails. Each server is what its framework's community writes, and what it does beyond the promises of
[contracts.md](contracts.md#a-server) is its framework's own nature. A request is answered with a status; frames are answered with \`echo\`, \`pong\` and
\`close <code>\`; \`end\` means that the connection ended without a close, \`silence\` that nothing came, \`ignored\` that the
connection got nothing and was served on. **Bold**: not what the standard asks for.
`;

function row({ name, what, section, asks }: ConformanceCase): string {
  const cells = knownServers().map(({ folder }) =>
    (conformanceOf(folder)?.observed[name] ?? ['not observed'])
      .map((observed) => (isAsAsked(asks, observed) ? observed : `**${observed}**`))
      .join(' or '),
  );
  return `| ${[what, section.replace('RFC 6455, ', ''), asks, ...cells].join(' | ')} |`;
}

/** The text that {@link pageFile} must hold. */
export async function conformancePage(): Promise<string> {
  const names = knownServers().map(({ description }) => description.name);
  const versions = knownServers().map(
    ({ description: { name, framework } }) => `${name}: ${framework.name} ${framework.version}`,
  );
  const tables = Object.entries(conformanceThemes).map(([theme, cases]) =>
    [
      `## ${theme}`,
      `| the client sends | RFC 6455 | asks for | ${names.join(' | ')} |\n|${' --- |'.repeat(names.length + 3)}\n${cases.map(row).join('\n')}`,
    ].join('\n\n'),
  );
  const text = [introduction, `Observed: ${versions.join(', ')}.`, ...tables].join('\n\n');
  return format(text, { ...(await resolveConfig(pageFile)), parser: 'markdown' });
}

// `node test/verify/conformance-page.ts` writes the page anew after a table has changed.
if (import.meta.main) {
  writeFileSync(pageFile, await conformancePage());
}
