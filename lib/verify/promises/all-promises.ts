import type { ServerPromise } from '../promise.ts';
import { churnPromise } from './churn.ts';
import { echoPromises } from './echo.ts';
import { closingPromises, listeningPromises } from './lifecycle.ts';
import { memberPromises } from './members.ts';
import { publishPromises } from './publish.ts';
import { slowReaderPromises } from './slow-reader.ts';
import { troublePromises } from './trouble.ts';

/** Every promise, in the order in which they are checked: the last ones stop the server. */
export const allPromises: readonly ServerPromise[] = [
  ...listeningPromises,
  ...echoPromises,
  ...memberPromises,
  ...publishPromises,
  ...slowReaderPromises,
  ...troublePromises,
  churnPromise,
  ...closingPromises,
];

const deflatedNames = [
  'echo-text',
  'echo-binary',
  'echo-fragments',
  'publish-reaches-all',
  'publish-unchanged',
  'publish-from-several',
  'publish-amid-echoes',
];

/** Those that are checked over permessage-deflate, too: what comes back and what is published, unchanged and in order. */
export const deflatedPromises = allPromises.filter(({ name }) => deflatedNames.includes(name));
