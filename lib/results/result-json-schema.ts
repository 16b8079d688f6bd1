import { toJsonSchema } from '@valibot/to-json-schema';
import { phaseDefinitions } from './phases/rooms.ts';
import { latencySchema } from './schema/latency.ts';
import { memorySlopeSchema, measurementResultSchema } from './schema/measurement-result.ts';
import { workloadSchema } from './schema/workload-schema.ts';
import { runResultSchema } from './schema/run-result.ts';

/** What stands once in the JSON Schema, under its name. */
const definitions = {
  workload: workloadSchema,
  latency: latencySchema,
  memorySlope: memorySlopeSchema,
  ...phaseDefinitions,
  measurement: measurementResultSchema,
};

/** The published JSON Schema of `result.json`, made from {@link runResultSchema}; `result.schema.json` is its text. */
export function resultJsonSchema(): string {
  const { $schema, ...rest } = toJsonSchema(runResultSchema, { typeMode: 'output', definitions });
  return `${JSON.stringify({ $schema, $id: 'result.schema.json', ...rest }, null, 2)}\n`;
}

if (import.meta.main) process.stdout.write(resultJsonSchema());
