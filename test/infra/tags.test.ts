import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { labs } from './synthesized/labs.ts';
import { synthesize } from './synthesized/synthesize.ts';
import { untaggedOptionTypes, untaggedTypes } from './synthesized/untagged-types.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** The values of the tag c1mlab:lab that a resource's properties give it, as a list of tags or as an object. */
function labTagOf(properties: Readonly<Record<string, unknown>>): unknown {
  const { Tags: tags } = properties;
  if (Array.isArray(tags)) {
    return tags.find((tag: { readonly Key: string; readonly Value: unknown }) => tag.Key === 'c1mlab:lab')?.Value;
  }
  return typeof tags === 'object' && tags !== null
    ? Object.entries(tags).find(([key]) => key === 'c1mlab:lab')?.[1]
    : undefined;
}

describe('what c1m leftovers searches by', () => {
  for (const [name, input] of Object.entries(labs)) {
    test(`is on every resource of ${name} that can have it, and on what EC2 makes of it`, () => {
      const { lab, template } = synthesize(input);
      const resources: Readonly<Record<string, Resource>> = template.toJSON()['Resources'];
      for (const [id, { Type, Properties = {} }] of Object.entries(resources)) {
        if (Type === 'AWS::EC2::LaunchTemplate') {
          const { TagSpecifications, LaunchTemplateData } = Properties as {
            readonly TagSpecifications: readonly { readonly ResourceType: string }[];
            readonly LaunchTemplateData: { readonly TagSpecifications?: readonly { readonly ResourceType: string }[] };
          };
          const specifications = [...TagSpecifications, ...(LaunchTemplateData.TagSpecifications ?? [])];
          assert.deepEqual(
            specifications.map(({ ResourceType, ...tags }) => [ResourceType, labTagOf({ Tags: [], ...tags })]),
            [
              ['launch-template', 'C1mLab'],
              ...(lab.hosts.purchase === 'spot' ? [['spot-instances-request', 'C1mLab']] : []),
            ],
          );
          continue;
        }
        if (untaggedTypes.includes(Type) || untaggedOptionTypes.includes(Type)) continue;
        assert.equal(labTagOf(Properties), 'C1mLab', `${id} (${Type}) has no tag c1mlab:lab`);
        if (Type === 'AWS::EC2::Instance') assert.equal(Properties['PropagateTagsToVolumeOnCreation'], true);
      }
    });
  }
});
