import type {SignedIn} from '../../src/labs/accounts.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import {operationsAt} from '../../src/labs/operations.ts';
import type {Operation} from '../../src/load/load.ts';
import type {Setup} from './evidence.ts';

export const LOAD_MS = 12_000;
const READS_PER_SECOND = 12;
const RENAMES_PER_SECOND = 3;
const IDS_A_PAGE = 8;
const PATIENCE_MS = 3_000;

/** Pages of stream's: some old accounts and some of those that change their names. */
export function pages({random}: LabTools, {old, people}: Setup, forMs: number): readonly Operation[] {
  const gap = 1_000 / READS_PER_SECOND;
  return operationsAt(
    'page',
    Array.from({length: Math.floor(forMs / gap)}, (_, index) => index * gap),
    () => {
      const ids = [
        ...Array.from({length: IDS_A_PAGE / 2}, () => random.pick(old)),
        ...Array.from({length: IDS_A_PAGE / 2}, () => random.pick(people).account),
      ];
      const query = [...new Set(ids)].map(id => `id=${encodeURIComponent(id)}`).join('&');
      return {request: {method: 'GET', path: `/v1/named-activity?${query}`}, patienceMs: PATIENCE_MS};
    },
  );
}

export function renames({random}: LabTools, {people}: Setup): readonly Operation[] {
  const gap = 1_000 / RENAMES_PER_SECOND;
  return operationsAt(
    'rename',
    Array.from({length: Math.floor(LOAD_MS / gap)}, (_, index) => index * gap),
    index => {
      const {account, token} = people[index % people.length] as SignedIn;
      const name = `Person ${random.hex(6)}`;
      return {
        request: {
          method: 'PATCH',
          path: '/v1/accounts/me',
          headers: {'content-type': 'application/json', authorization: `Bearer ${token}`},
          body: JSON.stringify({name}),
        },
        patienceMs: PATIENCE_MS,
        facts: {account, name},
      };
    },
  );
}
