import * as v from 'valibot';
import {
  fieldsOf,
  phaseKindNames,
  phaseKinds,
  type Field,
  type PhaseKindName,
  type Workload,
} from '../../../assets/loadgen/workload/phase-kinds.ts';

/** The schema of a phase of one kind, from its line in the table of kinds. */
function phaseSchema(kind: PhaseKindName) {
  const entries = Object.entries(fieldsOf(kind)).map(([key, field]) => [key, fieldSchema(field)] as const);
  return v.pipe(
    v.object({ kind: v.literal(kind), ...Object.fromEntries(entries) }),
    v.description(phaseKinds[kind].about),
  );
}

function fieldSchema(field: Field): v.GenericSchema {
  if (field.unit === 'choice') return v.pipe(v.picklist(field.choices), v.description(field.about));
  const bounds = v.pipe(v.number(), v.minValue(field.least), v.maxValue(field.most));
  const isWhole = field.unit === 'count' || field.unit === 'bytes';
  return isWhole ? v.pipe(bounds, v.integer(), v.description(field.about)) : v.pipe(bounds, v.description(field.about));
}

/** A workload as it is recorded, made from the table of kinds. */
export const workloadSchema = v.pipe(
  v.array(v.variant('kind', phaseKindNames.map(phaseSchema) as unknown as [ReturnType<typeof phaseSchema>])),
  v.description('What happened on the connections once they were held: phases, in order.'),
) as unknown as v.GenericSchema<Workload, Workload>;
