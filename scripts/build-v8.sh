#!/usr/bin/env bash
#
# Builds the V8 static library of vendor/v8 from the source inside the `v8` crate.
#
# The crate's authors publish archives too. This one differs in four points:
#   - pointer compression, without V8's partition allocator (its shim would replace the host's `free`);
#   - libstdc++ of the system instead of a bundled libc++, so that the crate is used without default features;
#   - no WebAssembly, which a cell does not get;
#   - ICU and Temporal are in, but ICU's data is not: the crate `deno_core_icudata` brings it at run time.
#
# Everything comes from crates.io and from Debian 12. Debian's GN is older than Chromium's build files expect, and
# Debian's Clang is older than their flags: the functions `adapt_*` take out what these two do not know.
set -euo pipefail

readonly V8_VERSION=152.2.0
readonly ICU_DATA_VERSION=0.78.0
readonly LLVM=19
readonly TARGET=x86_64-unknown-linux-gnu

usage() {
  cat <<TEXT
Usage: [POINTER_COMPRESSION=true|false] scripts/build-v8.sh [OUT_DIR [WORK_DIR]]

Builds V8 for the crate v8 $V8_VERSION on Linux x86_64 (Debian 12, as root: it installs compilers with apt-get).
Takes about 40 minutes on two cores and 6 GB below WORK_DIR.

  OUT_DIR               where archive, binding and checksums go (default: vendor/v8)
  WORK_DIR              scratch folder, kept afterwards (default: a new temporary folder)
  POINTER_COMPRESSION   true (default) builds the variant that this package links
TEXT
}

main() {
  if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    usage
    return
  fi
  (($# <= 2)) || fail "too many arguments; see --help"
  prepare_settings "${1:-}" "${2:-}"
  check_machine

  step "compilers from Debian" install_tools
  step "sources from crates.io" fetch_crates
  step "a private copy of the V8 source" unpack_source
  step "Temporal for the build's own tools" provide_temporal
  step "build files for an older GN" adapt_build_files
  step "Clang, laid out as Chromium's" provide_clang
  step "gn gen" configure
  step "ninja files for an older Clang" adapt_ninja_files
  step "generated sources" generate_sources
  step "precompiled headers" precompile_headers
  step "V8 itself" build_library
  step "archive, binding, checksums" publish
  echo "Written to $OUT. Next: scripts/setup.mjs builds the addon, scripts/check-addon.sh checks it."
}

# --- settings -------------------------------------------------------------------------------------------------------

fail() {
  echo "build-v8: $*" >&2
  exit 1
}

step() { # TITLE FUNCTION
  echo "== $1"
  "$2"
}

prepare_settings() { # OUT_DIR WORK_DIR
  local repository
  repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  COMPRESSED=${POINTER_COMPRESSION:-true}
  case $COMPRESSED in
    true) VARIANT=_ptrcomp ;;
    false) VARIANT= ;;
    *) fail "POINTER_COMPRESSION must be true or false" ;;
  esac
  OUT=$(realpath -m "${1:-$repository/vendor/v8}")
  WORK=$(realpath -m "${2:-$(mktemp -d)}")
  SRC=$WORK/v8
  CLANG=$WORK/clang
}

check_machine() {
  [[ $(uname -sm) == "Linux x86_64" ]] || fail "builds on Linux x86_64 only"
  command -v cargo >/dev/null || fail "needs Rust: https://rustup.rs"
}

install_tools() {
  apt-get update -qq
  apt-get install -y -qq "clang-$LLVM" "lld-$LLVM" "libclang-rt-$LLVM-dev" generate-ninja ninja-build python3 >/dev/null
}

# --- sources --------------------------------------------------------------------------------------------------------

# A crate that depends on what is wanted: `cargo fetch` then checks every checksum for us.
fetch_crates() {
  new_crate "$WORK/fetch" '' "v8 = '=$V8_VERSION'" "deno_core_icudata = '=$ICU_DATA_VERSION'"
  (cd "$WORK/fetch" && cargo fetch --quiet)
}

new_crate() { # FOLDER EXTRA_TOML DEPENDENCY...
  local folder=$1 extra=$2
  shift 2
  mkdir -p "$folder/src"
  touch "$folder/src/lib.rs"
  {
    printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\n' "$(basename "$folder")"
    [[ -z $extra ]] || printf '%s\n' "$extra"
    printf '[dependencies]\n'
    printf '%s\n' "$@"
    printf '[workspace]\n'
  } >"$folder/Cargo.toml"
}

crate_source() { # NAME-VERSION
  local found
  found=$(find "${CARGO_HOME:-$HOME/.cargo}/registry/src" -mindepth 2 -maxdepth 2 -name "$1" -print -quit)
  [[ -n $found ]] || fail "cargo did not unpack $1"
  echo "$found"
}

temporal_version() {
  awk -F'"' '/^name = "temporal_capi"$/ { found = 1; next } found { print $2; exit }' "$WORK/fetch/Cargo.lock"
}

unpack_source() {
  rm -rf "$SRC"
  cp -r "$(crate_source "v8-$V8_VERSION")" "$SRC"
}

# Temporal is written in Rust. V8 needs its C++ headers, and mksnapshot, which is linked here, the code itself. The
# archive gets neither: whoever links it gets Temporal from the v8 crate's own dependency.
provide_temporal() {
  local version home=$SRC/third_party/temporal_capi
  version=$(temporal_version)
  mkdir -p "$home"
  cp -r "$(crate_source "temporal_capi-$version")/bindings/cpp" "$home/include"

  new_crate "$WORK/temporal_host" $'[lib]\ncrate-type = ["staticlib"]' \
    "temporal_capi = { version = '=$version', features = ['zoneinfo64'] }"
  echo 'pub use temporal_capi;' >"$WORK/temporal_host/src/lib.rs"
  (cd "$WORK/temporal_host" && CARGO_TARGET_DIR=$WORK/temporal_host/target cargo build --release --quiet)
  cp "$WORK/temporal_host/target/release/libtemporal_host.a" "$home/"

  cat >"$SRC/third_party/rust/temporal_capi/BUILD.gn" <<'GN'
config("for_v8") {
  include_dirs = [ "//third_party/temporal_capi/include" ]
  defines = [ "TEMPORAL_CAPI_VERSION_0_2" ]
}

config("for_tools") {
  libs = [ "//third_party/temporal_capi/libtemporal_host.a" ]
}

group("temporal_capi") {
  public_configs = [ ":for_v8" ]
  all_dependent_configs = [ ":for_tools" ]
}
GN
}

# --- build files ----------------------------------------------------------------------------------------------------

# GN of 2022 has no modules, no `c_additional_outputs`, no `inputs` of a tool and no `path_exists()`.
adapt_build_files() {
  (cd "$SRC" && python3 -) <<'PYTHON'
import pathlib
import re


def rewrite(path, *rules):
    """Apply (pattern, replacement) rules. Each must match: a rule that finds nothing means that V8 has changed."""
    file = pathlib.Path(path)
    text = file.read_text()
    for pattern, replacement in rules:
        text, count = re.subn(pattern, replacement, text, flags=re.S)
        if not count:
            raise SystemExit(f"{path}: nothing matches {pattern!r}")
    file.write_text(text)


rewrite(
    "build/config/BUILDCONFIG.gn",
    (r"if \(!defined\(generate_modulemap\)\) \{\s*generate_modulemap = default_modulemap_mode\s*\}", ""),
)
rewrite(
    "build/config/compiler/BUILD.gn",
    (r"c_additional_outputs =\s*\[[^\]]*\]", ""),
)
rewrite(
    "build/toolchain/gcc_toolchain.gni",
    # Modules: their flag (a conditional that sets the variable), their placeholder, their tool.
    (r'if \(is_clang\) \{\s*module_name_flag = [^\n]*\s*\}', ""),
    (r" \{\{module_deps\}\}", ""),
    (r'tool\("cxx_module"\) \{.*?(?=tool\("asm"\))', ""),
    # Tool inputs, as a list and as a variable of the Rust tools.
    (r"\n *inputs =\s*\[[^\]]*\]", ""),
)
rewrite(
    "build/toolchain/siso.gni",
    (r"_is_ninja_used = [^\n]*\n", ""),
    (r" && !_is_ninja_used", ""),
)

# What is left of path_exists() guards files that are here: let it be true.
call = r"path_exists\((?:[^()]|\([^()]*\))*\)"
for file in [*pathlib.Path("build").rglob("*.gn"), *pathlib.Path("build").rglob("*.gni")]:
    before = file.read_text()
    after = re.sub(call, "true", re.sub("!" + call, "false", before))
    if after != before:
        file.write_text(after)
PYTHON
}

# Chromium's rules look for the compiler below one folder, and for the runtime library under the name of the target.
provide_clang() {
  local system=/usr/lib/llvm-$LLVM resources=$CLANG/lib/clang/$LLVM
  mkdir -p "$resources/lib/$TARGET"
  ln -sfn "$system/bin" "$CLANG/bin"
  ln -sfn "$system/lib/clang/$LLVM/include" "$resources/include"
  ln -sfn "$system/lib/clang/$LLVM/lib/linux/libclang_rt.builtins-x86_64.a" \
    "$resources/lib/$TARGET/libclang_rt.builtins.a"
}

configure() {
  local arguments=(
    # A release without debug information, made with Debian's Clang and libstdc++.
    is_debug=false symbol_level=0 line_tables_only=false treat_warnings_as_errors=false
    "clang_base_path=\"$CLANG\"" "clang_version=\"$LLVM\"" use_custom_libcxx=false use_glib=false
    # Rust stays outside: see provide_temporal.
    enable_rust=false enable_rust_cxx=false v8_enable_temporal_support=true
    # Intl with data from outside; no WebAssembly.
    v8_enable_i18n_support=true icu_use_data_file=true icu_use_stub_data=true v8_enable_webassembly=false
    # One 4 GiB cage for all isolates, no sandbox. The partition allocator, V8's default beside compression, must
    # stay off: its shim takes over malloc and free of the process that loads the addon, and kills it at once.
    "v8_enable_pointer_compression=$COMPRESSED" v8_enable_sandbox=false v8_enable_partition_alloc=false
    v8_enable_v8_checks=false
    # Thread-locals that a library loaded with dlopen may have.
    v8_monolithic_for_shared_library=true
  )
  cd "$SRC"
  gn gen out --script-executable=python3 --args="${arguments[*]}"
  cp "$(crate_source "deno_core_icudata-$ICU_DATA_VERSION")/src/icudtl.dat" out/ # mksnapshot reads it there
}

# Clang 19 does not know these flags; warnings of other people's code help nobody here. GN of 2022 writes `libc++` into
# a variable's name, which ninja refuses.
adapt_ninja_files() {
  cd "$SRC/out"
  sed -i 's/__buildtools_third_party_libc++_/__buildtools_third_party_libcxx_/g' toolchain.ninja
  find . -name '*.ninja' -exec sed -i -E \
    -e 's/ -fdiagnostics-show-inlining-chain//g' \
    -e 's/ -fno-lifetime-dse//g' \
    -e 's/ -fsanitize-ignore-for-ubsan-feature=[a-z-]+//g' \
    -e '/^cflags =/ s/$/ -w/' {} +
  write_compiler_wrapper cxx.sh
  sed -i -E "s#^( *command =) +$CLANG/bin/clang\+\+ -MD#\1 ./cxx.sh -MD#" toolchain.ninja
  grep -q 'command = ./cxx.sh' toolchain.ninja || fail "the compiler wrapper is not in toolchain.ninja"
}

# A few sources do not suit the precompiled header of their target (macros, `using`): the wrapper tries without it
# before it calls a compilation failed.
write_compiler_wrapper() { # FILE
  cat >"$1" <<SH
#!/usr/bin/env bash
compiler=$CLANG/bin/clang++
errors=\$("\$compiler" "\$@" 2>&1) && exit 0
rest=() without=
while ((\$#)); do
  if [[ \$1 == -include-pch ]]; then without=yes; shift 2; else rest+=("\$1"); shift; fi
done
[[ -n \$without ]] && exec "\$compiler" "\${rest[@]}"
printf '%s\n' "\$errors" >&2
exit 1
SH
  chmod +x "$1"
}

# --- compiling ------------------------------------------------------------------------------------------------------

# The precompiled headers include these.
generate_sources() {
  ninja -C "$SRC/out" run_torque obj/v8/generate_bytecode_builtins_list.stamp \
    obj/v8/torque_generated_initializers.inputdeps.stamp
}

# Most of the time goes into parsing the same headers again. Three sets of them are parsed once; and what only runs
# inside mksnapshot, once, is compiled with -O1.
precompile_headers() {
  cd "$SRC/out"
  write_header_sets
  precompile torque_generated_initializers O1 pch-builtins
  precompile v8_compiler_for_mksnapshot_source_set O1 pch-compiler
  precompile v8_compiler O3 pch-compiler
  precompile v8_base_without_compiler O3 pch-base

  use_precompiled torque_generated_initializers O1 pch-builtins
  use_precompiled v8_initializers O1 pch-builtins
  use_precompiled v8_compiler_for_mksnapshot_source_set O1 pch-compiler
  use_precompiled v8_compiler O3 pch-compiler
  use_precompiled v8_base_without_compiler O3 pch-base
}

write_header_sets() {
  printf '#include "src/%s"\n' \
    compiler/turboshaft/{assembler,operations,index,phase}.h \
    compiler/{js-heap-broker,heap-refs,node-matchers,access-builder}.h \
    compiler/{js-operator,simplified-operator,machine-operator,linkage}.h \
    execution/isolate-inl.h objects/objects-inl.h heap/factory-inl.h >pch-compiler.h
  printf '#include "src/%s"\n' \
    api/api-inl.h execution/{isolate,arguments}-inl.h heap/{heap,factory,heap-layout}-inl.h \
    objects/{objects,js-objects,js-function,js-array,lookup}-inl.h \
    objects/{string,map,shared-function-info,code}-inl.h logging/counters.h ast/ast.h >pch-base.h
  # Every generated builtin starts with the same includes, and then its own.
  grep '#include' gen/v8/torque-generated/src/builtins/boolean-tq-csa.cc | grep -v tq-csa >pch-builtins.h
}

precompile() { # TARGET LEVEL SET: compiles the set with the very flags of the target
  local definition=obj/v8/$1.ninja name flags=
  for name in defines include_dirs cflags cflags_cc; do
    flags+=" $(sed -n "s/^$name = //p" "$definition")"
  done
  flags=$(sed -E "s/ -O[0-3]\b/ -$2/g" <<<"$flags")
  # They are quoted for a shell: ninja would give them to one.
  eval "$CLANG/bin/clang++ $flags -x c++-header $3.h -o $3-$2.pch"
}

use_precompiled() { # TARGET LEVEL SET
  sed -i -E -e "/^cflags =/ s/ -O[0-3]\b/ -$2/g" -e "/^cflags_cc =/ s#\$# -include-pch $3-$2.pch#" "obj/v8/$1.ninja"
}

build_library() {
  ninja -C "$SRC/out" rusty_v8
}

# The names are those that the crate's build script asks its mirror for.
publish() {
  local archive=librusty_v8${VARIANT}_release_$TARGET.a.gz
  local binding=src_binding${VARIANT}_release_$TARGET.rs
  mkdir -p "$OUT"
  gzip -9 -n -c "$SRC/out/obj/librusty_v8.a" >"$OUT/$archive"
  cp "$SRC/gen/$binding" "$OUT/$binding"
  cd "$OUT"
  sha256sum "$archive" "$binding" | tee "$archive.sha256"
}

# Sourcing the file gives the functions, to run one step again.
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  main "$@"
fi
