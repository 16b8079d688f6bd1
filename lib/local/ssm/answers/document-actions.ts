import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { isCommandDocument, type NamedDocument } from '../../../documents/schema/document.ts';
import type { Action } from '../commands/command-actions.ts';
import { documentName, maxResults, nextToken, parseInput, valuesFilter } from '../input.ts';
import { page } from '../pagination.ts';
import type { Service } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import { seconds } from './timestamps.ts';

const getSchema = v.object({ Name: documentName, DocumentVersion: v.optional(v.string()) });

const listSchema = v.object({
  Filters: v.optional(v.array(valuesFilter), []),
  MaxResults: maxResults,
  NextToken: nextToken,
});

/** The actions that read documents. */
export const documentActions: Readonly<Record<string, Action>> = {
  GetDocument: (service, body) => {
    const document = find(service, body);
    return { ...identity(document, service), Status: 'Active', Content: JSON.stringify(document.content) };
  },

  DescribeDocument: (service, body) => {
    const document = find(service, body);
    const content = JSON.stringify(document.content);
    return {
      Document: {
        ...identity(document, service),
        Status: 'Active',
        Description: document.content.description,
        Hash: createHash('sha256').update(content).digest('hex'),
        HashType: 'Sha256',
        Parameters: Object.entries(document.content.parameters ?? {}).map(([name, parameter]) => ({
          Name: name,
          Type: parameter.type,
          Description: parameter.description,
          ...(parameter.default === undefined ? {} : { DefaultValue: defaultText(parameter.default) }),
        })),
        LatestVersion: '1',
        DefaultVersion: '1',
      },
    };
  },

  ListDocuments: (service, body) => {
    const input = parseInput(listSchema, body);
    const found = service.documents.filter((document) =>
      input.Filters.every(({ Key, Values }) => {
        if (Key === 'Name') return Values.some((prefix) => document.name.startsWith(prefix));
        if (Key === 'DocumentType') return Values.includes(typeOf(document));
        if (Key === 'Owner') return Values.includes('Self') || Values.includes('All');
        if (Key === 'PlatformTypes') return Values.includes('Linux');
        throw new ServiceError('InvalidFilterKey', `The filter ${Key} is not supported.`);
      }),
    );
    const { items, ...rest } = page(found, input);
    return { DocumentIdentifiers: items.map((document) => identity(document, service)), ...rest };
  },
};

function find(service: Service, body: unknown): NamedDocument {
  const { Name, DocumentVersion } = parseInput(getSchema, body);
  const document = service.documents.find(({ name }) => name === Name);
  if (document === undefined) throw new ServiceError('InvalidDocument');
  if (!['$DEFAULT', '$LATEST', '1', undefined].includes(DocumentVersion)) {
    throw new ServiceError('InvalidDocumentVersion');
  }
  return document;
}

function identity(document: NamedDocument, service: Service): object {
  return {
    Name: document.name,
    CreatedDate: seconds(service.createdAt),
    Owner: service.accountId,
    DocumentVersion: '1',
    DocumentType: typeOf(document),
    SchemaVersion: document.content.schemaVersion,
    DocumentFormat: 'JSON',
    PlatformTypes: ['Linux'],
    Tags: [],
  };
}

function typeOf({ content }: NamedDocument): 'Command' | 'Automation' {
  return isCommandDocument(content) ? 'Command' : 'Automation';
}

function defaultText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
