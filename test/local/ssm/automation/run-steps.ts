import type { AutomationExecution } from '@aws-sdk/client-ssm';
import type { TestContext } from 'node:test';
import type { AutomationDocument, AutomationStep } from '../../../../lib/documents/schema/automation-document.ts';
import type { NamedDocument } from '../../../../lib/documents/schema/document.ts';
import { createTestLab, hostIds, runDocument, type TestLab } from '../test-lab.ts';

/** What a step of a test may say beside its command. */
export type StepFields = Partial<
  Pick<
    AutomationStep,
    'onFailure' | 'onCancel' | 'isEnd' | 'isCritical' | 'nextStep' | 'maxAttempts' | 'timeoutSeconds'
  >
>;

/** A step that runs lines on the first host. */
export function lines(name: string, commands: string[], fields: StepFields = {}): AutomationStep {
  const inputs = { DocumentName: 'Run', InstanceIds: [hostIds[0]], Parameters: { commands } };
  return { name, action: 'aws:runCommand', ...fields, inputs };
}

/** A lab with an Automation document called Auto, one that runs lines, and whatever else is named. */
export async function labWith(
  t: TestContext,
  document: AutomationDocument,
  more: readonly NamedDocument[] = [],
): Promise<TestLab> {
  return createTestLab(t, [runDocument, { name: 'Auto', content: document }, ...more]);
}

/** The steps of an execution as `name status`, in their order. */
export function statuses(of: AutomationExecution): readonly string[] {
  return (of.StepExecutions ?? []).map(({ StepName, StepStatus }) => `${StepName} ${StepStatus}`);
}
