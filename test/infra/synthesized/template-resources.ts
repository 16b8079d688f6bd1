import { synthesize } from './synthesize.ts';

/** A resource of a template. */
interface Resource {
  // A template's properties are whatever CloudFormation says; each test knows what it looks at.
  readonly Properties: Readonly<Record<string, Json>>;
  readonly DependsOn?: readonly string[];
}

/** Any value of a template. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** The resources of a type, by logical id. */
export function resources(input: Readonly<Record<string, unknown>>, type: string, props?: object) {
  return synthesize(input).template.findResources(type, props) as Record<string, Resource>;
}
