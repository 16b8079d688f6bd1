import type { AssertStep } from '../../../documents/schema/document.ts';
import { describeInstanceInformation } from '../read-actions.ts';
import type { Service } from '../service.ts';
import { StepFailure } from './execution.ts';

/** `aws:assertAwsResourceProperty`: fails unless the answer has a desired value where the selector points. */
export function assertProperty(
  service: Service,
  { PropertySelector, DesiredValues, ...request }: AssertStep['inputs'],
): void {
  const answer = describeInstanceInformation(service, request);
  const value = valueAt(answer, PropertySelector);
  if (typeof value === 'string' && DesiredValues.includes(value)) return;
  // The service's own words are not documented.
  throw new StepFailure(
    `Step fails when it is asserting ${PropertySelector}: it is ${JSON.stringify(value) ?? 'nothing'}, not one of [${DesiredValues.join(', ')}].`,
  );
}

/** What a JSONPath of names and positions (`$.List[0].Name`) points at. */
function valueAt(answer: unknown, path: string): unknown {
  return [...path.matchAll(/[A-Za-z0-9_]+/g)].reduce<unknown>(
    (value, [key]) => (value as Readonly<Record<string, unknown>> | undefined)?.[key],
    answer,
  );
}
