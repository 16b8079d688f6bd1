# shellcheck shell=bash
# Sourced by every host command: who this host is, and what a command may count on.
set -euo pipefail

export C1M_ROOT=/opt/c1mlab
export C1M_ASSETS=$C1M_ROOT/assets
export PATH=$C1M_ROOT/bin:$PATH
# The server's processes are units whose names begin so, numbered from 1; raw.ts has it for TypeScript.
export C1M_SERVER_UNITS=c1m-server-
# Node keeps TypeScript here without its types and compiled: a third of the processor time that each of these programs starts with.
export NODE_COMPILE_CACHE=$C1M_ROOT/build/compiled
for facts in host.env backend.env; do
  if [ ! -r "$C1M_ROOT/$facts" ]; then
    echo "this host is not prepared: $C1M_ROOT/$facts is missing; deploy the lab again, or look at the host's user data log" >&2
    exit 1
  fi
done
set -a
# shellcheck source=/dev/null
. "$C1M_ROOT/host.env"
# shellcheck source=/dev/null
. "$C1M_ROOT/backend.env"
set +a
: "${C1M_HOST:?}" "${C1M_PORT:?}" "${C1M_ADDRESS:?}" "${C1M_RESULTS:?}"

fail() {
  echo "${C1M_HOST:-host}: $*" >&2
  exit 1
}

# Prints a parameter of the document, which arrives as SSM_<Name>. An agent older than 3.3.2746 does not set them: say so instead
# of running with nothing.
parameter() { # name
  local variable=SSM_$1
  [ -n "${!variable+set}" ] ||
    fail "$variable is not set: the SSM agent does not pass parameters as environment variables (it must be 3.3.2746 or newer)"
  printf '%s' "${!variable}"
}

# Writes down which process a unit is, so that the sampler need not ask systemd every second.
note_unit() { # unit, run folder
  local pid
  pid=$(systemctl show --property=MainPID --value "$1")
  printf '%s\t%s\n' "$1" "$pid" >>"$2/units.tsv"
}

# Fails when a measurement is running on this host: two at once would measure each other.
refuse_when_taken() {
  local running
  running=$(systemctl list-units --plain --no-legend --state=activating,active,deactivating 'c1m-*')
  [ -z "$running" ] ||
    fail "another run is active here (${running%% *}, measurement $(taken_by)); wait for it, or run the Stop document first"
}

# Prints which measurement Prepare has given this host to; nothing when it is free.
taken_by() {
  cat "$C1M_ROOT/run/measurement" 2>/dev/null || true
}

# Succeeds when this host belongs to another measurement than $1: an execution that was refused must not touch what runs here.
belongs_to_another() { # run
  local owner
  owner=$(taken_by)
  [ -n "$owner" ] && [ "$owner" != "$1" ]
}

# Uploads the files of a folder to C1M_RESULTS/<run>/<host>/.
upload_folder() { # folder, run
  local target
  case $C1M_RESULTS in
  s3://*) aws s3 cp --recursive --only-show-errors "$1" "$C1M_RESULTS/$2/$C1M_HOST/" ;;
  file:///*)
    target=${C1M_RESULTS#file://}/$2/$C1M_HOST
    mkdir -p "$target" && cp -r "$1/." "$target/"
    ;;
  *) fail "C1M_RESULTS must begin with s3:// or file:///, got '$C1M_RESULTS'" ;;
  esac
}

# Waits until a condition holds: polls a cheap command, ever more seldom (a tenth of what has passed, a second at most), and fails at
# the deadline. Ten looks a second through a long ramp took a tenth of a small machine.
wait_until() { # seconds, command...
  local began=$SECONDS deadline=$((SECONDS + $1)) passed
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    passed=$((SECONDS - began))
    if [ "$passed" -ge 10 ]; then sleep 1; else sleep "0.$((passed > 1 ? passed : 1))"; fi
  done
}
