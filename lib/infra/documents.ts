import { Stack } from 'aws-cdk-lib';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { LabDocument } from '../documents/documents-of.ts';
import { describeProblem } from '../documents/schema/problem.ts';
import { validateDocument } from '../documents/schema/validate-document.ts';

/** Props of {@link LabDocuments}. */
export interface LabDocumentsProps {
  /** Every document of the lab, as `documentsOf(lab)` gives them: one may name another. */
  readonly documents: readonly LabDocument[];
}

/** The lab's SSM documents. A document that SSM would refuse, or that would fail in the middle of a run, fails the synth. */
export class LabDocuments extends Construct {
  constructor(scope: Construct, id: string, props: LabDocumentsProps) {
    super(scope, id);
    const problems = props.documents.flatMap(({ name, content }) =>
      validateDocument(name, content, props.documents).map((problem) => `${name}: ${describeProblem(problem)}`),
    );
    if (problems.length > 0) throw new Error(`${this.node.path}: ${problems.join('\n  ')}`);

    const { commands, automations } = this.install(props.documents);
    // An Automation document names Command documents, which should be there when somebody starts it.
    for (const automation of automations) for (const command of commands) automation.addResourceDependency(command);
  }

  private install(documents: readonly LabDocument[]): {
    readonly commands: readonly CfnDocument[];
    readonly automations: readonly CfnDocument[];
  } {
    const commands: CfnDocument[] = [];
    const automations: CfnDocument[] = [];
    for (const { name, type, content } of documents) {
      const resource = new CfnDocument(this, name.replace(`${Stack.of(this).stackName}-`, ''), {
        name,
        documentType: type,
        documentFormat: 'JSON',
        content,
        updateMethod: 'NewVersion',
        ...(type === 'Command' ? { targetType: '/AWS::EC2::Instance' } : {}),
      });
      (type === 'Command' ? commands : automations).push(resource);
    }
    return { commands, automations };
  }
}
