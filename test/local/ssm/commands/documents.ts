import type { NamedDocument } from '../../../../lib/documents/schema/document.ts';
import { commandDocument, hostIds, shellStep } from '../test-lab.ts';

/** Targets that match every host of a test's lab. */
export const everyHost = [{ Key: 'tag:Lab', Values: ['test'] }];

/** An id of the right form that no command has. */
export const unknownId = '01234567-89ab-cdef-0123-456789abcdef';

/** Fails on the host called server only. */
export const pickyDocument: NamedDocument = {
  name: 'Picky',
  content: commandDocument([shellStep('step', [`test "$AWS_SSM_INSTANCE_ID" != ${hostIds[0]}`])]),
};
