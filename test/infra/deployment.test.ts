import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { maxDeploymentLength, parseDeployment } from '../../lib/config/deployment.ts';
import { LabError } from '../../lib/config/lab-error.ts';
import { labOf } from '../../lib/config/presets.ts';
import { documentHash } from '../../lib/documents/document-hash.ts';
import { documentsOf } from '../../lib/documents/documents-of.ts';
import { LabDeployment } from '../../lib/infra/deployment.ts';
import { synthesize } from './synthesized/synthesize.ts';

/** The parameter's value as CloudFormation would write it. */
function valueOf(input: Readonly<Record<string, unknown>>): { readonly name: unknown; readonly text: string } {
  const [resource] = Object.values(synthesize(input).template.findResources('AWS::SSM::Parameter'));
  const join = resource?.Properties.Value['Fn::Join'] as readonly [string, readonly unknown[]];
  const text = join[1].map((part) => (typeof part === 'string' ? part : 'filled-in')).join('');
  return { name: resource?.Properties.Name, text };
}

describe("the lab's description of itself", () => {
  for (const preset of ['article', 'modern-graviton']) {
    test(`is read back whole: ${preset}`, () => {
      const { name, text } = valueOf({ preset, name: 'Mine', owner: 'me@example.org' });
      const lab = labOf({ preset, name: 'Mine', owner: 'me@example.org' }, 'test');
      assert.equal(name, '/c1mlab/Mine');
      const read = parseDeployment(text, 'Mine');
      assert.deepEqual(read.lab, lab);
      assert.equal(read.resultsUri, 's3://filled-in/runs');
      assert.equal(read.automationRoleArn, 'filled-in');
      const hashes = documentsOf(lab).map(({ name: document, content }) => [document, documentHash(content)]);
      assert.deepEqual(read.documents, Object.fromEntries(hashes));
    });
  }

  test('fits into a standard parameter, with the longest name and owner too', () => {
    const lab = labOf(
      {
        name: `L${'x'.repeat(63)}`,
        owner: 'o'.repeat(100),
        connections: 100_000_000,
        network: {
          availabilityZone: 'ap-southeast-4a',
          existing: { vpcId: `vpc-${'0'.repeat(17)}`, managementSubnetId: `subnet-${'0'.repeat(17)}` },
        },
      },
      'test',
    );
    const stack = new Stack(new App(), 'S');
    new LabDeployment(stack, 'D', {
      lab,
      documents: documentsOf(lab),
      resultsUri: 's3://b/runs',
      automationRoleArn: 'arn',
    });
    assert.throws(
      () =>
        new LabDeployment(stack, 'E', {
          lab,
          documents: Array.from({ length: 100 }, () => documentsOf(lab))
            .flat()
            .map((document, index) => ({ ...document, name: `${document.name}${index}` })),
          resultsUri: 's3://b/runs',
          automationRoleArn: 'arn',
        }),
      new RegExp(`S/E: the lab's description must be at most ${maxDeploymentLength} characters, got \\d+; shorten`),
    );
  });

  for (const [what, text, message] of [
    ['no JSON', 'hello', /is not JSON/],
    ['another shape', '{"schema":1,"lab":{}}', /does not describe a lab: /],
    [
      'a setting that this version does not know',
      JSON.stringify({
        schema: 1,
        lab: { rocket: 1 },
        resultsUri: 's3://bucket/runs',
        automationRoleArn: '',
        documents: {},
      }),
      /'rocket' is not a setting of the lab/,
    ],
  ] as const) {
    test(`fails on ${what}, and says to deploy again`, () => {
      assert.throws(
        () => parseDeployment(text, 'Mine'),
        (error) =>
          error instanceof LabError &&
          error.code === 'environment' &&
          message.test(error.message) &&
          error.hint.endsWith('c1m up --yes'),
      );
    });
  }
});

describe('the hash of a document', () => {
  test('is the same however its JSON is written', () => {
    assert.equal(
      documentHash({ a: 1, b: [{ c: true, d: 'x' }] }),
      documentHash({ b: [{ d: 'x', c: 'true' }], a: '1' }),
    );
  });

  test('changes with a value, a key and the order of a list', () => {
    const hashes = [{ a: ['1', '2'] }, { a: ['2', '1'] }, { b: ['1', '2'] }, { a: ['1', '3'] }, { a: [['1', '2']] }];
    assert.equal(new Set(hashes.map(documentHash)).size, hashes.length);
  });
});
