# shellcheck shell=bash
# Sourced by `build` and `start` of the servers that run on a JVM: picks the JDK.

# Sets JAVA_HOME to the newest JDK, at least Java $1, among JAVA_HOME, the PATH and /usr/lib/jvm, whose bin/
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
}

# Runs Maven on the pom.xml of the current folder. What it makes goes under C1M_BUILD: the jars to run into server/.
# The source folder may be read-only; a pinned version of every plugin makes any Maven from 3.8 on do the same. The compiler is of
# Java $1 (17) at least: the pom.xml's `maven.compiler.release`, which what it depends on asks for.
build_with_maven() {
  local release=${1:-17}
  if ! command -v mvn >/dev/null; then
    echo 'needs mvn (Apache Maven 3.8 or newer) on the PATH' >&2
    exit 3
  fi
  # It is compiled for that Java and runs on 25: the two may be of different JDKs.
  if ! use_newest_java 25 java || ! use_newest_java "$release" javac; then
    echo "$java_trouble" >&2
    exit 3
  fi
  mkdir -p "$C1M_BUILD"
  rm -rf "$C1M_BUILD/target" "$C1M_BUILD/server"
  # Java takes its home from the user database and not from HOME; what plugins keep there belongs to the build.
  # Maven ends before what the optimizing compiler makes of it would pay.
  export MAVEN_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC ${MAVEN_OPTS:-} -Duser.home=$HOME"
  # A distribution's mvn may run on the JDK of its own choice (Amazon Linux names one in /etc/java/maven.conf), so javac is given.
  mvn -B -q -f pom.xml "-Dmaven.repo.local=$HOME/.m2/repository" "-Dc1m.build=$(readlink -f "$C1M_BUILD")" \
    -Dmaven.compiler.fork=true "-Dmaven.compiler.executable=$JAVA_HOME/bin/javac" package
  rm -rf "$C1M_BUILD/target"
}

# Replaces the shell by the JVM: `exec_java <main class> [<option>...]`, with the flags of the memory preset before the options.
exec_java() {
  local main=$1 flags=()
  shift
  if ! use_newest_java 25 java; then
    echo "$java_trouble" >&2
    exit 1
  fi
  read -r -a flags <<<"$C1M_FLAGS"
  # Netty and its like load native code and use Unsafe; newer JVMs print a warning for each unless told that it is meant.
  exec "$JAVA_HOME/bin/java" "${flags[@]}" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow "$@" \
    -Djava.io.tmpdir="$TMPDIR" -cp "$C1M_BUILD/server/*" "$main"
}
