import type { RunResult } from '../../results/schema/run-result.ts';
import { html, type Html } from './html.ts';

/** How each server treats odd and illegal input: a fold a server, with the cases that are not as the standard asks. */
export function conformance({ servers }: RunResult): Html | '' {
  const folds = servers.flatMap(({ title, conformance: known }) => {
    if (known === null) return [];
    const { framework, holds, differs } = known;
    const cases = differs.map(
      ({ what, section, asks, observed }) =>
        html`<li>
          <strong>${what}</strong>: ${observed.join(' or ')} <span class="soft">(${section}: ${asks})</span>
        </li>`,
    );
    return [
      html`<details class="card">
        <summary>
          ${title}: ${differs.length} of ${holds + differs.length} cases are not as the standard asks, ${holds} are
        </summary>
        <p class="soft">${framework}; in brackets what the standard asks for.</p>
        <ul class="remarks">
          ${cases}
        </ul>
      </details>`,
    ];
  });
  if (folds.length === 0) return '';
  return html`<h2>Odd and illegal input</h2>
    <p class="soft">
      What each framework does with frames and requests that clients should not send. Nothing here passes or fails, and
      no figure rests on it. All cases of all servers:
      <a href="../../docs/conformance.md">docs/conformance.md</a> in the lab's repository.
    </p>
    <div class="stack">${folds}</div>`;
}
