import { hostEnvFile, hostRoot } from '../../config/host/host-env-file.ts';
import type { Host } from '../../config/hosts.ts';
import type { Lab } from '../../config/lab.ts';
import { tuningFile } from '../../config/host/tuning.ts';

/** What the user data of a host needs to know beside the lab; values may be CDK tokens. */
export interface UserDataProps {
  /** The region that the host fetches from. */
  readonly region: string;
  /** Where the host says that it is ready, or why it is not: the URL of a wait condition's handle. */
  readonly readinessUrl: string;
  /** The bucket that holds the assets. */
  readonly assetsBucket: string;
  /** The archive of the assets in that bucket. */
  readonly assetsKey: string;
  /** Where raw files are uploaded to: `s3://bucket/prefix`. */
  readonly resultsUri: string;
}

/** What EC2 takes as user data, in bytes before base64. */
export const maxUserDataBytes = 16_384;

/** The text of `/opt/c1mlab/backend.env` on EC2. */
export function backendEnvFile(lab: Lab, resultsUri: string): string {
  return [
    `C1M_RESULTS="${resultsUri}"`,
    'C1M_PACKAGES="dnf"',
    `C1M_LIFETIME_MINUTES="${lab.lifetime.hours * 60}"`,
    '',
  ].join('\n');
}

/**
 * What a failed boot says of itself at the most, in characters. CloudFormation takes 4096 bytes of a signal ("Wait condition
 * handle"), in which each of these may need two.
 */
const longestReason = 1200;

/**
 * The script that EC2 runs at a host's first boot. It is short: it writes what the host must know, fetches the assets, and leaves
 * the rest to `assets/user-data/prepare-host`. Whatever happens, it signals its exit code, so that a failed host fails the deploy
 * at once, and with it the last lines of the boot log, which the deploy prints: of a rolled back host nothing else remains.
 *
 * The signal goes to the URL of a handle. One that names its resource (`cfn-signal --resource`) has no reason: SignalResource has
 * no such parameter, and cfn-signal drops it (aws-cfn-bootstrap, bin/cfn-signal).
 */
export function userDataScript(lab: Lab, host: Host, props: UserDataProps): string {
  return `#!/bin/bash
signal() {
  set +e
  local reason="${host.name} is ready"
  if [ "$1" -ne 0 ]; then
    reason="${host.name}: exit code $1: $(tail -n 12 /var/log/cloud-init-output.log | tr -cd '[:print:]\n' | paste -sd'|' | tail -c ${longestReason})"
  fi
  /opt/aws/bin/cfn-signal --exit-code "$1" --id '${host.name}' --reason "$reason" '${props.readinessUrl}'
}
trap 'signal $?' EXIT
set -euo pipefail
shutdown -h +${lab.lifetime.hours * 60} 'The lab host has lived its hours.'

# An image of an earlier host holds its builds, which are kept, and its runs, which are not this one's.
rm -rf ${hostRoot}/assets ${hostRoot}/run ${hostRoot}/runs ${hostRoot}/tmp
mkdir -p ${hostRoot}/assets ${hostRoot}/bin ${hostRoot}/build ${hostRoot}/run ${hostRoot}/runs ${hostRoot}/tmp
cat >${hostRoot}/host.env <<'END'
${hostEnvFile(lab, host)}END
cat >${hostRoot}/backend.env <<'END'
${backendEnvFile(lab, props.resultsUri)}END
cat >${hostRoot}/tuning.conf <<'END'
${tuningFile(lab, host)}END

# Right after boot the role's credentials or the network may be a moment away.
for attempt in 1 2 3 4 5 6; do
  aws s3 cp --only-show-errors --region '${props.region}' 's3://${props.assetsBucket}/${props.assetsKey}' ${hostRoot}/tmp/assets.zip && break
  [ "$attempt" -lt 6 ]
  sleep 10
done
command -v unzip >/dev/null || dnf install --assumeyes --quiet unzip
unzip -q -o ${hostRoot}/tmp/assets.zip -d ${hostRoot}/assets
rm ${hostRoot}/tmp/assets.zip
chmod -R a-w ${hostRoot}/assets
${hostRoot}/assets/user-data/prepare-host
`;
}
