import { toJsonSchema } from '@valibot/to-json-schema';
import { runResultSchema } from './schema/run-result.ts';

/** The published JSON Schema of `result.json`, made from {@link runResultSchema}; `result.schema.json` is its text. */
export function resultJsonSchema(): string {
  const { $schema, ...rest } = toJsonSchema(runResultSchema, { typeMode: 'output' });
  return `${JSON.stringify({ $schema, $id: 'result.schema.json', ...rest }, null, 2)}\n`;
}

if (import.meta.main) process.stdout.write(resultJsonSchema());
