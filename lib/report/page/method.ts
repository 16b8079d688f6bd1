import { formatPhase } from '../../../assets/loadgen/workload/parse-text.ts';
import type { RunResult } from '../../results/schema/run-result.ts';
import { describeCalibration } from '../describe-calibration.ts';
import { utcMinute, wholeNumber, withUnit } from '../../text/units.ts';
import { html, type Html } from './html.ts';
import { scrollTable, textHeading } from './scroll-table.ts';

/** How the figures were measured and what they mean. */
export function method(result: RunResult): Html {
  const { hostsShareOneMachine } = result;
  return html`<h2>How it was measured</h2>
    <div class="card">
      <p>
        <strong>Broadcasts.</strong> A load host publishes each broadcast on a schedule; the hosts take turns. Latency
        runs from the moment the broadcast was <em>due</em> until it arrives at a member, so a server (or a generator)
        that falls behind is charged for the wait. It is taken only at the members on the host that published: one
        clock, no offset between clocks. Of broadcasts that other hosts published, a host records the spread alone: last
        arrival minus first.
      </p>
      <p>
        <strong>Percentiles.</strong> Every load process records into an HdrHistogram (three significant digits). They
        are added whole, over processes and broadcasts, and percentiles are taken from the sum. Nothing is averaged.
        With several repeats, tables show the median of the repeats and half their range; figures whose ranges touch are
        not called different.
      </p>
      ${result.target === null ? memoryMethod : fromOutside(result.target.url, hostsShareOneMachine)}
      ${sampling(result)}
      ${
        hostsShareOneMachine && result.target === null
          ? html`<p>
              <strong>One machine.</strong> Server and load generators shared the processors and the kernel of one
              machine. Kernel memory is therefore of a <em>pair</em> of sockets, latencies include the time in which
              both wait for a processor, and no network lies in between. Figures compare servers under equal terms; they
              are not what separate hosts would show.
            </p>`
          : ''
      }
      <p>
        <strong>Verdict.</strong> <em>Valid</em>: the lab itself was not at fault (tuned hosts, all addresses there, no
        swapping, a load generator that kept up). <em>Stopped</em>: fewer connections than wanted were ever open at one
        time; the evidence names the wall. A figure marked ~ is to be read with care, for the reason given.
      </p>
      <p>
        <strong>Calibration.</strong> ${describeCalibration(result)} Reference servers of known behaviour are measured
        like any other, and what they did is set against what was found: counts must agree exactly, times within 1 % or
        1 ms, memory within 1 %.
      </p>
    </div>`;
}

const memoryMethod = html`<p>
  <strong>Memory per connection</strong> is the slope of a least-squares line through the once-a-second samples of the
  ramp, with its 95 % confidence interval, not a difference of two points. <em>Server</em> is the anonymous memory of
  its processes. <em>Kernel</em> is unreclaimable slab and socket buffers, which the kernel counts for the machine as a
  whole.
</p>`;

/** What can be known of a server that only has a URL. */
function fromOutside(url: string, sharesMachine: boolean): Html {
  return html`<p>
    <strong>From outside.</strong> The lab did not start <code>${url}</code>: it saw the client's side alone.
    Connections, losses by cause and latencies are measured, and hold
    ${sharesMachine ? 'the time in which server and load generator wait for the processors that they share' : 'the network in between'}.
    The server's processor time, memory and limits are unknown, and shown so (-); what stopped or slowed it is seen only
    by its effect. Walls of this machine are looked for as on any load host.
  </p>`;
}

/** What the once-a-second samples cost, where it is known. */
function sampling({ measurements }: RunResult): Html | '' {
  const shares = measurements.flatMap(({ cpu }) => cpu.samplerShare ?? []);
  if (shares.length === 0) return '';
  const most = shares.reduce((greatest, share) => Math.max(greatest, share), 0);
  return html`<p>
    <strong>Sampling</strong> took at most ${(100 * most).toFixed(2)} % of one processor on any host, by the sampler's
    own processor time.
  </p>`;
}

/** Rows of the literature, apart from what was measured. */
export function references(result: RunResult): Html {
  if (result.references.length === 0) return html``;
  const cards = result.references.map(
    ({ name, source, connections, serverMemoryBytes, broadcastSeconds, caveats }) =>
      html`<section class="card">
        <h3>${name}</h3>
        <p>
          ${wholeNumber(connections)} connections, ${withUnit('bytes', serverMemoryBytes)} in use on the server,
          ${broadcastSeconds} s to send one broadcast. <span class="soft">${source}</span>
        </p>
        <ul class="remarks soft">
          ${caveats.map((caveat) => html`<li>${caveat}</li>`)}
        </ul>
      </section>`,
  );
  return html`<h2>For reference: different hardware and method</h2>
    <div class="stack">${cards}</div>`;
}

const places = {
  aws: 'EC2',
  local: 'one Linux machine, hosts as namespaces',
  url: 'a server at a URL, loaded from one machine',
} as const;

type Facts = readonly (readonly [string, string])[];

function factsOfLab({ lab, parameters }: RunResult): Facts {
  return [
    [
      'lab',
      `${lab.name}: 1 server, ${lab.load.hosts} load hosts with ${lab.load.secondaryAddresses} secondary addresses each`,
    ],
    ['processes', `${parameters.serverProcesses ?? '-'} of the server, ${parameters.loadProcesses} on each load host`],
    ['memory preset', parameters.memoryPreset ?? '-'],
    ['TLS', parameters.tls ? 'yes, by a P-256 key of the server host; its certificate is not checked' : 'no'],
  ];
}

function factsOfTarget(target: NonNullable<RunResult['target']>, { parameters }: RunResult): Facts {
  const checked = target.options.includes('--insecure') ? 'is not checked' : 'is checked';
  return [
    ['URL', target.url],
    ['addresses', target.addresses.join(', ')],
    ...(target.options.length === 0 ? [] : [['options', target.options.join(', ')] as const]),
    ['sources', target.sources.length === 0 ? 'any' : target.sources.join(', ')],
    ['local ports', target.localPorts ?? 'any'],
    ['load processes', String(parameters.loadProcesses)],
    ['TLS', parameters.tls ? `yes; the certificate ${checked}` : 'no'],
  ];
}

/** Machines, versions, parameters and settings in force. */
export function environment(result: RunResult): Html {
  const { parameters, versions, gitCommit, hosts } = result;
  const facts: Facts = [
    ['began', utcMinute(result.beganUnixMillis)],
    ['where', places[result.where]],
    ...(result.target === null ? factsOfLab(result) : factsOfTarget(result.target, result)),
    ['commit', gitCommit ?? 'unknown'],
    [
      'tools',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['connections', `${wholeNumber(parameters.connections)} at ${wholeNumber(parameters.connectRate)}/s`],
    ['workload', parameters.workload.length === 0 ? 'none' : parameters.workload.map(formatPhase).join(', ')],
    ['compression', parameters.deflate ? 'permessage-deflate, without context takeover' : 'no'],
    ['repeats', String(parameters.repeats)],
  ];
  const rows = hosts.map(
    (host) =>
      html`<tr>
        <th scope="row">${host.host}</th>
        <td class="prose">${host.cpus} x ${host.cpuModel}</td>
        <td>${withUnit('bytes', host.memoryBytes)}</td>
        <td class="prose">
          Linux ${host.kernel},
          ${host.osRelease}${host.clockSource === null ? '' : `, clock ${host.clockSource}`}${
            host.instance === null ? '' : `, ${host.instance.id} (${host.instance.type}) of ${host.instance.image}`
          }
        </td>
        <td>${wholeNumber(host.openFilesLimit)}</td>
        <td>${host.addresses.length}</td>
        <td class="prose">
          ${Object.entries(host.versions)
            .map(([name, version]) => `${name} ${version}`)
            .join(', ')}
        </td>
      </tr>`,
  );
  const settings = hosts.flatMap((host) =>
    host.sysctls.map(
      ({ key, operator, wanted, actual, ok }) =>
        html`<tr>
          <th scope="row">${host.host}</th>
          <td class="text"><code>${key}</code></td>
          <td>${operator === 'atleast' ? 'at least ' : ''}${wanted}</td>
          <td>${actual ?? 'not visible'}</td>
          <td class="text">${ok ? 'yes' : 'NO'}</td>
        </tr>`,
    ),
  );
  return html`<h2>Environment</h2>
    <div class="stack">
      <div class="card">
        <dl class="facts">
          ${facts.map(
            ([name, value]) =>
              html`<dt>${name}</dt>
                <dd>${value}</dd>`,
          )}
        </dl>
      </div>
      ${scrollTable(
        'Hosts',
        ['card scroll', ''],
        [
          'host',
          textHeading('processors'),
          'memory',
          textHeading('system'),
          'open files a process',
          'addresses',
          textHeading('versions'),
        ],
        rows,
      )}
      ${
        settings.length === 0
          ? ''
          : html`<details class="card">
              <summary>Kernel settings in force (${settings.length})</summary>
              ${scrollTable(
                'Kernel settings',
                ['scroll', ''],
                ['host', textHeading('setting'), 'wanted', 'in force', textHeading('in order')],
                settings,
              )}
            </details>`
      }
    </div>`;
}
