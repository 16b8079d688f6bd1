import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import { format, resolveConfig } from 'prettier';
import { serverSchema } from '../../lib/config/servers.ts';

/** Where the published JSON Schema of server.json lies. */
export const schemaFile = fileURLToPath(new URL('../../assets/servers/server.schema.json', import.meta.url));

/** The text that {@link schemaFile} must hold: JSON Schema 2020-12 of the valibot schema, formatted as the project is. */
export async function serverJsonSchema(): Promise<string> {
  const { $schema, ...schema } = toJsonSchema(serverSchema, { target: 'draft-2020-12', typeMode: 'input' });
  const titled = { $schema, title: 'A server of C1mLab (server.json)', ...schema };
  return format(JSON.stringify(titled), { ...(await resolveConfig(schemaFile)), parser: 'json' });
}

// `node test/servers/json-schema.ts` writes the file anew after a change of lib/config/servers.ts.
if (import.meta.main) {
  writeFileSync(schemaFile, await serverJsonSchema());
}
