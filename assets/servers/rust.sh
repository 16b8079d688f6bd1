# shellcheck shell=bash
# Sourced by `build` of the servers that are written in Rust.

# Builds the package of the current folder, with the crates that Cargo.lock names, into $C1M_BUILD/server. What is compiled stays in
# the build's home, where servers share it.
build_with_cargo() {
  if ! command -v cargo >/dev/null; then
    echo 'needs cargo on the PATH' >&2
    exit 3
  fi
  # rustup's cargo finds its toolchains in its owner's home, which is not the build's.
  local owner
  owner=$(dirname "$(dirname "$(dirname "$(command -v cargo)")")")
  if [[ -z ${RUSTUP_HOME:-} && -d $owner/.rustup ]]; then export RUSTUP_HOME=$owner/.rustup; fi
  export CARGO_HOME=$HOME/.cargo CARGO_TARGET_DIR=$HOME/.cache/cargo
  cargo build --release --locked --quiet
  mkdir -p "$C1M_BUILD"
  cp -- "$CARGO_TARGET_DIR/release/$1" "$C1M_BUILD/server"
}
