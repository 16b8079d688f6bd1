import type { Service } from '../service.ts';
import type { SubstitutionValue } from '../substitution.ts';
import type { Execution } from './execution.ts';

/** The value of a `{{ name }}` in an Automation document: a parameter, a variable of the system, or an output of a step. */
export function lookUp(service: Service, execution: Execution, name: string): SubstitutionValue | undefined {
  return execution.values.get(name) ?? systemVariable(service, execution, name) ?? stepOutput(execution, name);
}

function systemVariable(service: Service, execution: Execution, name: string): string | undefined {
  switch (name) {
    case 'automation:EXECUTION_ID':
      return execution.id;
    case 'global:REGION':
      return service.region;
    case 'global:ACCOUNT_ID':
      return service.accountId;
    case 'global:DATE':
      return timestamp(service).slice(0, 10);
    case 'global:DATE_TIME':
      return timestamp(service);
    default:
      return undefined;
  }
}

/** `2026-11-22_18.30.00`, in UTC. */
function timestamp(service: Service): string {
  return new Date(service.clock.now()).toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '.');
}

function stepOutput(execution: Execution, name: string): SubstitutionValue | undefined {
  const [stepName, output = ''] = name.split('.');
  const run = execution.steps.find(({ step }) => step.name === stepName);
  const values = run !== undefined && Object.hasOwn(run.outputs, output) ? run.outputs[output] : undefined;
  return values?.length === 1 ? values[0] : values;
}
