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
