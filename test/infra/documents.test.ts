import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { documentsOf, type LabDocument } from '../../lib/documents/documents-of.ts';
import { LabDocuments } from '../../lib/infra/documents.ts';
import { synthesize } from './synthesized/synthesize.ts';

describe('the documents of the stack', () => {
  const { template, lab } = synthesize();
  const documents = Object.values(template.findResources('AWS::SSM::Document')) as unknown as readonly {
    readonly Properties: Readonly<Record<string, unknown>>;
    readonly DependsOn?: readonly string[];
  }[];

  test('deep-equal those that the local lab executes, and hold no function of CloudFormation', () => {
    assert.deepEqual(
      documents.map(({ Properties }) => ({
        name: Properties['Name'],
        type: Properties['DocumentType'],
        content: Properties['Content'],
      })),
      // What CloudFormation gets is JSON.
      JSON.parse(JSON.stringify(documentsOf(lab))),
    );
    assert.doesNotMatch(JSON.stringify(documents.map(({ Properties }) => Properties['Content'])), /"(Ref|Fn::\w+)"/);
  });

  test('become a new version when they change, instead of being deleted and made anew', () => {
    for (const { Properties } of documents) assert.equal(Properties['UpdateMethod'], 'NewVersion');
  });

  test('install the Automation document after the Command documents that it names', () => {
    const automation = documents.find(({ Properties }) => Properties['DocumentType'] === 'Automation');
    assert.equal(automation?.DependsOn?.length, documents.length - 1);
  });

  test('fail the synth when one of them is bad, with its name, the place and the fix', () => {
    const bad = documentsOf(lab).map((document): LabDocument =>
      document.type === 'Automation'
        ? {
            ...document,
            content: {
              ...document.content,
              mainSteps: document.content.mainSteps.map((step) => ({ ...step, onFailure: 'step:nowhere' as const })),
            },
          }
        : document,
    );
    const stack = new Stack(new App({ analyticsReporting: false }), 'Bad');
    assert.throws(
      () => new LabDocuments(stack, 'Documents', { documents: bad }),
      /Bad\/Documents: C1mLab-Benchmark: mainSteps\[0\]\.onFailure: "nowhere" names no step: /,
    );
  });
});
