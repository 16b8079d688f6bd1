import { buildCommand } from '@stricli/core';
import type { LabContext } from '../context.ts';
import { knownServers } from '../servers/server-folders.ts';

/** `c1m servers`: lists the servers that can be measured. */
export const serversCommand = buildCommand({
  docs: { brief: 'List the servers that come with the lab' },
  parameters: {},
  func(this: LabContext) {
    const servers = knownServers().map(({ description }) => description);
    const width = Math.max(...servers.map(({ name }) => name.length));
    for (const { name, framework, language, description } of servers) {
      this.process.stdout.write(
        `${name.padEnd(width)}  ${framework.name} ${framework.version} (${language}): ${description}\n`,
      );
    }
  },
});
