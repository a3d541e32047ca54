#!/usr/bin/env bash
#
# Which lines the Rust tests run: those of src/cell, src/session and src/model, by `cargo test` of the library and of
# tests/races.rs. What needs Node (src/node), or is mostly V8's (src/engine), is tested from JavaScript and left out.
#
#   npm run coverage                       a table, and target/coverage/html/index.html
#   scripts/coverage.sh src/engine  the same for other folders
#
# Needs llvm-profdata and llvm-cov of the LLVM that rustc was built with: `rustup component add llvm-tools`, or a
# package (Debian: llvm-22).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly OUTPUT=target/coverage
readonly PROFILES=$OUTPUT/profiles

main() {
  (($# > 0)) || set -- src/cell src/session src/model
  find_tools
  rm -rf "$PROFILES"
  build
  run_tests
  report "$@"
}

# --- tools ----------------------------------------------------------------------------------------------------------

# The format of profiles changes between versions of LLVM, so the major version must be rustc's.
find_tools() {
  local major bundled
  major=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
  bundled=$(rustc --print target-libdir)/../bin
  profdata=$(first_of "$major" "$bundled/llvm-profdata" "llvm-profdata-$major" llvm-profdata)
  cov=$(first_of "$major" "$bundled/llvm-cov" "llvm-cov-$major" llvm-cov)
}

first_of() { # MAJOR CANDIDATE...
  local major=$1 candidate
  shift
  for candidate in "$@"; do
    if "$candidate" --version 2>/dev/null | grep -q "LLVM version $major\."; then
      echo "$candidate"
      return
    fi
  done
  echo "coverage: no $candidate of LLVM $major. Try: rustup component add llvm-tools, or apt-get install llvm-$major" >&2
  exit 2
}

# --- tests ----------------------------------------------------------------------------------------------------------

# A target directory of its own: other flags would compile everything anew each time.
instrumented() { # COMMAND...
  CARGO_TARGET_DIR=$OUTPUT RUSTFLAGS='-C instrument-coverage' LLVM_PROFILE_FILE="$PWD/$PROFILES/%p-%m.profraw" "$@"
}

build() {
  # Cargo tells the paths of the test binaries on standard error: Executable tests/races.rs (target/…/races-0123)
  instrumented cargo test --locked --package codecell --lib --test races --no-run 2>&1 | tee "$OUTPUT.log"
  mapfile -t binaries < <(sed -n 's/.*Executable .*(\(.*\))$/\1/p' "$OUTPUT.log")
  rm "$OUTPUT.log"
  ((${#binaries[@]} == 2)) || { echo "coverage: expected two test binaries, got ${#binaries[@]}" >&2; exit 1; }
}

run_tests() {
  local binary
  for binary in "${binaries[@]}"; do instrumented "$binary" --quiet; done
  "$profdata" merge --sparse --output "$OUTPUT/all.profdata" "$PROFILES"/*.profraw
}

# --- report ---------------------------------------------------------------------------------------------------------

report() { # FOLDER...
  local inputs=("--instr-profile=$OUTPUT/all.profdata" "${binaries[0]}" --object "${binaries[1]}"
    --ignore-filename-regex='_tests?\.rs$')
  "$cov" show "${inputs[@]}" --format=html --output-dir="$OUTPUT/html" --sources "$@"
  "$cov" export "${inputs[@]}" --summary-only --sources "$@" | print_table
  echo "coverage: line by line in $OUTPUT/html/index.html"
}

print_table() { # JSON on standard input
  node -e '
    const { files, totals } = JSON.parse(require("node:fs").readFileSync(0, "utf8")).data[0]
    const row = (name, { lines, functions }) =>
      console.log(
        name.padEnd(34),
        `${lines.covered} of ${lines.count} lines`.padStart(20),
        `${lines.percent.toFixed(1)} %`.padStart(8),
        `${functions.covered} of ${functions.count} functions`.padStart(24),
      )
    const root = `${process.cwd()}/`
    for (const { filename, summary } of files) row(filename.replace(root, ""), summary)
    row("all", totals)
  '
}

main "$@"
