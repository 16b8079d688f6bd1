import { toJsonSchema } from '@valibot/to-json-schema';
import { phaseParts } from './phases/common.ts';
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
  ...phaseParts,
  ...phaseDefinitions,
  measurement: measurementResultSchema,
};

/** The published JSON Schema of `result.json`, made from {@link runResultSchema}; `result.schema.json` is its text. */
export function resultJsonSchema(): string {
  const { $schema, ...schema } = toJsonSchema(runResultSchema, {
    typeMode: 'output',
    definitions,
    // A number or text that may be null, in one line instead of a choice between two schemas.
    overrideSchema: ({ jsonSchema: { anyOf = [], ...rest } }) => {
      const [value, none, ...others] = anyOf;
      const isNullable = typeof none === 'object' && none.type === 'null' && others.length === 0;
      if (!isNullable || typeof value !== 'object' || value.enum !== undefined || !isScalar(value.type))
        return undefined;
      return { ...value, ...rest, type: [value.type, 'null'] };
    },
  });
  return `${JSON.stringify({ $schema, $id: 'result.schema.json', ...schema }, null, 2)}\n`;
}

function isScalar(type: unknown): type is 'number' | 'integer' | 'string' | 'boolean' {
  return ['number', 'integer', 'string', 'boolean'].includes(type as string);
}

if (import.meta.main) process.stdout.write(resultJsonSchema());
