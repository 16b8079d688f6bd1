# shellcheck shell=bash
# Sourced by `build` and `start` of the servers that run on a JVM: picks the JDK, and checks what the contract passes in.

# Ends with exit code 2 (bad environment) and one line that says what is wrong.
bad_environment() {
  printf '%s: %s\n' "$(basename "$(dirname "$(readlink -f "$0")")")" "$*" >&2
  exit 2
}

# Sets JAVA_HOME and java_major to the newest JDK, at least Java $1, among JAVA_HOME, the PATH and /usr/lib/jvm, whose bin/
# has the program $2; else sets java_trouble to why not and returns 1. The version is read from the JDK's `release` file: no
# JVM has to start to find out. Two of the memory presets have flags of Java 25.
use_newest_java() {
  local minimum=$1 program=$2 best_home='' best_major=0 home='' major='' on_path=''
  on_path=$(command -v "$program" || true)
  if [[ -n $on_path ]]; then on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")"); fi
  for home in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/*; do
    if [[ -z $home || ! -x $home/bin/$program || ! -r $home/release ]]; then continue; fi
    major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
    if [[ $major =~ ^[0-9]+$ ]] && ((major > best_major)); then best_home=$home best_major=$major; fi
  done
  if ((best_major < minimum)); then
    java_trouble="needs $program of Java $minimum or newer, found $([[ $best_major -eq 0 ]] && echo none || echo "Java $best_major"): install one under /usr/lib/jvm or set JAVA_HOME"
    return 1
  fi
  export JAVA_HOME=$best_home
  java_major=$best_major
}

# Runs Maven on the pom.xml of the current folder. What it makes goes under C1M_BUILD: the jars to run into server/.
# The source folder may be read-only; a pinned version of every plugin makes any Maven from 3.8 on do the same.
build_with_maven() {
  if [[ -z ${C1M_BUILD:-} ]]; then bad_environment "C1M_BUILD must name the folder to build in, got ''"; fi
  if [[ -z ${HOME:-} ]]; then bad_environment "HOME must name a writable folder, got ''"; fi
  if ! command -v mvn >/dev/null; then
    echo 'needs mvn (Apache Maven 3.8 or newer) on the PATH' >&2
    exit 3
  fi
  # It is compiled for Java 17 and runs on 25: the two may be of different JDKs.
  if ! use_newest_java 25 java || ! use_newest_java 17 javac; then
    echo "$java_trouble" >&2
    exit 3
  fi
  mkdir -p "$C1M_BUILD"
  rm -rf "$C1M_BUILD/target" "$C1M_BUILD/server"
  # Java takes its home from the user database and not from HOME; what plugins keep there belongs to the build.
  export MAVEN_OPTS="${MAVEN_OPTS:-} -Duser.home=$HOME"
  # A distribution's mvn may run on the JDK of its own choice (Amazon Linux names one in /etc/java/maven.conf), so javac is given.
  mvn -B -q -f pom.xml "-Dmaven.repo.local=$HOME/.m2/repository" "-Dc1m.build=$(readlink -f "$C1M_BUILD")" \
    -Dmaven.compiler.fork=true "-Dmaven.compiler.executable=$JAVA_HOME/bin/javac" package
  rm -rf "$C1M_BUILD/target"
}

# Whether $1 is an IPv4 or IPv6 address as RFC 4291 writes it, without a zone.
is_ip_address() {
  local address=$1 byte='(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])' groups='([0-9A-Fa-f]{1,4}(:[0-9A-Fa-f]{1,4})*)' words=()
  local ipv4="$byte\.$byte\.$byte\.$byte"
  if [[ $address =~ ^$ipv4$ ]]; then return 0; fi
  # An IPv4 address at the end stands for the last two groups of eight.
  if [[ $address =~ ^(.*:)$ipv4$ ]]; then address=${BASH_REMATCH[1]}0:0; fi
  read -r -a words <<<"${address//:/ }"
  if [[ $address == *::* ]]; then
    [[ $address =~ ^$groups?::$groups?$ ]] && ((${#words[@]} <= 7))
  else
    [[ $address =~ ^$groups$ ]] && ((${#words[@]} == 8))
  fi
}

# Sets C1M_ADDRESS and C1M_BACKLOG to their defaults and refuses values that the contract does not allow.
check_server_environment() {
  export C1M_ADDRESS=${C1M_ADDRESS:-0.0.0.0} C1M_BACKLOG=${C1M_BACKLOG:-65535}
  if [[ -z ${C1M_BUILD:-} || ! -d ${C1M_BUILD:-}/server ]]; then
    bad_environment "C1M_BUILD must name a folder that build has filled, got '${C1M_BUILD:-}'"
  fi
  if [[ ! ${C1M_PORT:-} =~ ^[1-9][0-9]{0,4}$ ]] || ((C1M_PORT > 65535)); then
    bad_environment "C1M_PORT must be a port from 1 to 65535, got '${C1M_PORT:-}'"
  fi
  if ! is_ip_address "$C1M_ADDRESS"; then
    bad_environment "C1M_ADDRESS must be an IP address to listen on, got '$C1M_ADDRESS'"
  fi
  if [[ ! $C1M_BACKLOG =~ ^[1-9][0-9]{0,9}$ ]] || ((C1M_BACKLOG > 2147483647)); then
    bad_environment "C1M_BACKLOG must be a whole number from 1 to 2147483647, got '$C1M_BACKLOG'"
  fi
  if [[ -z ${TMPDIR:-} || ! -d ${TMPDIR:-} || ! -w ${TMPDIR:-} ]]; then
    bad_environment "TMPDIR must name a writable folder, got '${TMPDIR:-}'"
  fi
}

# Replaces the shell by the JVM: `exec_java <main class> [<option>...]`, with the flags of the memory preset before the options.
exec_java() {
  local main=$1 flags=() trouble=''
  shift
  use_newest_java 25 java || bad_environment "$java_trouble"
  read -r -a flags <<<"${C1M_FLAGS:-}"
  # Netty and its like load native code and use Unsafe; newer JVMs print a warning for each unless told that it is meant.
  if ((java_major >= 22)); then set -- --enable-native-access=ALL-UNNAMED "$@"; fi
  if ((java_major >= 24)); then set -- --sun-misc-unsafe-memory-access=allow "$@"; fi
  # A flag that this JVM does not know, or a heap that it cannot have, must end as a bad environment, not as exit code 1.
  if ! trouble=$("$JAVA_HOME/bin/java" "${flags[@]}" "$@" -version 2>&1); then
    bad_environment "Java $java_major does not start with C1M_FLAGS '${C1M_FLAGS:-}': ${trouble%%$'\n'*}"
  fi
  exec "$JAVA_HOME/bin/java" "${flags[@]}" "$@" -Djava.io.tmpdir="$TMPDIR" -cp "$C1M_BUILD/server/*" "$main"
}
