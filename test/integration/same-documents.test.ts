import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GetDocumentCommand } from '@aws-sdk/client-ssm';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { articleLab } from '../../lib/config/lab.ts';
import { documentsOf } from '../../lib/documents/documents-of.ts';
import { LabStack } from '../../lib/infra/lab-stack.ts';
import { makeLocalBackend } from '../../lib/local/local-backend.ts';

describe('the documents that the local lab runs', () => {
  test('deep-equal those in the synthesized template', { timeout: 120_000 }, async () => {
    const template = Template.fromStack(new LabStack(new App(), 'C1mLab', { lab: articleLab }));
    const installed = new Map(
      Object.values(template.findResources('AWS::SSM::Document')).map(({ Properties: properties }) => [
        properties.Name as string,
        properties.Content as unknown,
      ]),
    );
    const names = documentsOf(articleLab).map(({ name }) => name);
    assert.deepEqual([...installed.keys()].sort(), [...names].sort());

    const backend = await makeLocalBackend(articleLab);
    try {
      for (const name of names) {
        const answer = await backend.ssm.send(new GetDocumentCommand({ Name: name }));
        assert.deepEqual(JSON.parse(answer.Content ?? ''), installed.get(name), name);
      }
    } finally {
      await backend.close();
    }
  });
});
