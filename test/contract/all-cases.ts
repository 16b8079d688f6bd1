import { cleanupCases } from './cases/cleanup.ts';
import { closingCases } from './cases/closing.ts';
import { echoCases } from './cases/echo.ts';
import { httpCases } from './cases/http.ts';
import { lifecycleCases } from './cases/lifecycle.ts';
import { peerCases } from './cases/peer.ts';
import { publishOrderCases } from './cases/publish-order.ts';
import { publishCases } from './cases/publish.ts';
import { refusalCases } from './cases/refusals.ts';
import { slowReaderCases } from './cases/slow-reader.ts';
import type { ContractCase } from './contract-case.ts';

/** The whole contract suite, by theme. */
export const allCases: readonly ContractCase[] = [
  ...httpCases,
  ...echoCases,
  ...peerCases,
  ...refusalCases,
  ...closingCases,
  ...publishCases,
  ...publishOrderCases,
  ...slowReaderCases,
  ...cleanupCases,
  ...lifecycleCases,
];
