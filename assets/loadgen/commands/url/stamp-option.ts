import { networkInterfaces } from 'node:os';
import { StampReader, stampUnits, type Stamp, type StampUnit } from '../../measure/stamp.ts';
import { UsageError } from '../exit-codes.ts';

/** Reads `json:FIELD:UNIT` or `pattern:EXPRESSION:UNIT`, for a server with these addresses. Throws {@link UsageError}. */
export function readStamp(text: string, addresses: readonly string[]): Stamp {
  const match = /^(json|pattern):(.+):([a-z-]+)$/.exec(text);
  const unit = stampUnits.find((each) => each === match?.[3]);
  if (match === null || unit === undefined) {
    const wanted = `json:FIELD:UNIT or pattern:EXPRESSION:UNIT with a unit of ${stampUnits.join(', ')}`;
    throw new UsageError(`--stamp must be ${wanted}; got '${text}'`);
  }
  return checked({
    kind: match[1] as Stamp['kind'],
    expression: match[2]!,
    unit,
    sharesClock: addresses.every(isOurs),
  });
}

function checked(stamp: Stamp & { readonly unit: StampUnit }): Stamp {
  try {
    // Says here and now what is no expression.
    new StampReader(stamp).read(new Uint8Array(), 0, 0);
  } catch (error) {
    throw new UsageError(`--stamp has no expression: ${(error as Error).message}`, { cause: error });
  }
  if (stamp.kind === 'pattern' && !/\((?!\?)/.test(stamp.expression)) {
    throw new UsageError(`--stamp's expression must have a group (…) that is the time, got '${stamp.expression}'`);
  }
  return stamp;
}

/** Whether an address is one of this host's. */
function isOurs(address: string): boolean {
  if (address.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((own) => own?.some((each) => each.address === address));
}
