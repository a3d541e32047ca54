#!/usr/bin/env bash
#
# Checks that a built addon can live beside the V8 of the process that loads it.
#
# Node exports its own V8, ICU and libuv to the addons it opens, so a symbol of that kind which our library leaves open
# would be bound to Node's copy, of another version, and crash far from the cause. Thread-locals, unloading and memory
# protection have similar traps. Every check prints one line; any FAIL makes the exit code 1.
set -euo pipefail
export LC_ALL=C

# What the host looks up, and what the launcher of child processes does. The second name is optional for an addon.
readonly ENTRY_POINTS='napi_register_module_v1|node_api_module_get_api_version_v1|codecell_child_main'
readonly NEEDED_ENTRY_POINTS='napi_register_module_v1 codecell_child_main'

# Call-backs of the v8 crate that may be exported, as a regular expression. rustc may keep `extern "C"` functions of
# dependencies visible; two addons with the same crate could meet there. None is today: list a name here only with a
# reason beside it.
readonly ALLOWED_V8_CALLBACKS='(none)'

# What Node has and an addon must not leave to it: C++ names in V8, cppgc, ICU, Abseil, simdutf and Node itself; the C
# names of the crate's bindings, of versioned ICU (u_strlen_78) and of libuv.
readonly ENGINE_NAMES='(^|[^A-Za-z0-9_])(v8|v8_inspector|v8_crdtp|cppgc|heap::base|icu_[0-9]+|icu|absl|simdutf|hwy|node)::'
readonly ENGINE_C_NAMES='^(v8__|v8_inspector__|cppgc__|crdtp__|uv_|udata_|ucnv_|u[a-z]*_[A-Za-z0-9_]*_[0-9]{2,3}$)'

readonly ALLOWED_LIBRARIES='libc|libm|librt|libgcc_s|libstdc\+\+|libdl|libpthread|ld-linux-x86-64|ld-linux-aarch64'

main() {
  if [[ $(uname -s) != Linux ]]; then
    echo "check-addon: these are checks of ELF files; nothing to do on $(uname -s)"
    return
  fi
  if (($# < 1 || $# > 2)) || [[ $1 == -* ]]; then
    echo "usage: scripts/check-addon.sh ADDON.node [GLIBC]   (GLIBC: the oldest that it has to run with, such as 2.28)" >&2
    exit 2
  fi
  read_addon "$1"
  failures=0

  check_exports
  check_imports
  check_libraries
  check_loading
  check_thread_locals
  check_protection
  print_floor
  [[ -z ${2:-} ]] || check_floor "$2" "$1" "$(dirname "$1")/codecell-launcher"

  if ((failures > 0)); then
    echo "check-addon: $failures failed for $1"
    exit 1
  fi
  echo "check-addon: all ok for $1"
}

# --- reading --------------------------------------------------------------------------------------------------------

read_addon() { # FILE
  local tool
  [[ -r $1 ]] || stop "cannot read $1"
  for tool in nm readelf c++filt; do
    command -v "$tool" >/dev/null || stop "needs $tool (binutils)"
  done
  [[ $(head -c 4 "$1") == $'\x7fELF' ]] || stop "$1 is no ELF file"

  # Names without their versions (`dlsym@GLIBC_2.34`).
  exported=$(nm -D --defined-only -P "$1" | cut -d' ' -f1 | sed 's/@.*//' | sort -u)
  imported=$(nm -D --undefined-only -P "$1" | cut -d' ' -f1 | sed 's/@.*//' | sort -u)
  dynamic=$(readelf -dW "$1")
  segments=$(readelf -lW "$1")
  relocations=$(readelf -rW "$1")
  symbols=$(readelf -sW "$1")
  versions=$(readelf -VW "$1")
}

stop() {
  echo "check-addon: $*" >&2
  exit 2
}

# --- reporting ------------------------------------------------------------------------------------------------------

# A check passes when what it found against the rule is empty.
expect_none() { # TITLE OFFENDERS
  if [[ -z $2 ]]; then
    ok "$1"
  else
    bad "$1" "$2"
  fi
}

ok() { # TITLE
  printf '  ok    %s\n' "$1"
}

bad() { # TITLE [DETAILS]
  failures=$((failures + 1))
  printf '  FAIL  %s\n' "$1"
  [[ -z ${2:-} ]] || list_some "$2"
}

list_some() { # LINES
  local total
  total=$(wc -l <<<"$1")
  sed -n '1,10{s/^/          /;p;}' <<<"$1"
  ((total <= 10)) || printf '          … and %d more\n' $((total - 10))
}

matching() { # REGEX, lines on standard input; finding none is no error
  grep -E -- "$1" || true
}

not_matching() { # REGEX
  grep -vE -- "$1" | sed '/^$/d' || true
}

engine_names() { # mangled names on standard input, readable ones out
  c++filt | matching "$ENGINE_NAMES|$ENGINE_C_NAMES"
}

# --- checks ---------------------------------------------------------------------------------------------------------

check_exports() {
  local others callbacks entry
  others=$(not_matching "^($ENTRY_POINTS)$" <<<"$exported")
  callbacks=$(matching '^v8__' <<<"$others")

  for entry in $NEEDED_ENTRY_POINTS; do
    if grep -qx "$entry" <<<"$exported"; then
      ok "exports $entry"
    else
      bad "exports $entry"
    fi
  done
  expect_none "exports no call-back of the v8 crate ($(grep -c . <<<"$callbacks" || true) found)" \
    "$(not_matching "^($ALLOWED_V8_CALLBACKS)$" <<<"$callbacks")"
  expect_none "exports nothing of V8, ICU, Abseil or libuv" \
    "$(not_matching '^v8__' <<<"$others" | engine_names)"
  expect_none "exports nothing else" \
    "$(not_matching '^v8__' <<<"$others" | c++filt | not_matching "$ENGINE_NAMES|$ENGINE_C_NAMES")"
}

check_imports() {
  expect_none "takes nothing of V8, ICU, Abseil or libuv from the host" "$(engine_names <<<"$imported")"
}

check_libraries() {
  local needed
  needed=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic")
  expect_none "needs only the C and C++ runtime: $(paste -sd' ' <<<"$needed")" \
    "$(not_matching "^($ALLOWED_LIBRARIES)\.so" <<<"$needed")"
}

check_loading() {
  # A worker that ends closes the addons it opened: the code must stay while threads of ours run it.
  if grep -qE '\(FLAGS_1\).*NODELETE' <<<"$dynamic"; then
    ok "stays loaded (NODELETE)"
  else
    bad "stays loaded (NODELETE)"
  fi
  expect_none "has no text relocations" "$(matching '\(TEXTREL\)|\(FLAGS\).*TEXTREL' <<<"$dynamic")"
}

check_thread_locals() {
  local visible
  # Static thread-local space is scarce in a process that is already running; dlopen fails without it.
  expect_none "has no static thread-locals" "$(matching 'STATIC_TLS' <<<"$dynamic")"
  # DTPOFF is the dynamic kind, which is right.
  expect_none "has no TPOFF relocations" "$(matching '_TPOFF|_TLS_TPREL' <<<"$relocations")"
  visible=$(awk '$4 == "TLS" && $5 != "LOCAL" && $7 != "UND" { print $8 }' <<<"$symbols" | sort -u)
  expect_none "keeps its thread-locals local" "$visible"
}

check_protection() {
  local stack
  stack=$(awk '$1 == "GNU_STACK"' <<<"$segments")
  if [[ -z $stack ]]; then
    bad "says what its stack needs (GNU_STACK)"
  else
    # Flags follow six hexadecimal columns: RW is right, RWE is not.
    expect_none "has no executable stack" "$(matching ' RWE ' <<<"$stack")"
  fi
  if grep -q GNU_RELRO <<<"$segments"; then
    ok "is read-only after relocation (RELRO)"
  else
    bad "is read-only after relocation (RELRO)"
  fi
  expect_none "has no segment both writable and executable" "$(awk '$1 == "LOAD"' <<<"$segments" | matching ' RWE ')"
}

# The newest version of each kind that the addon asks for is the oldest system that can load it.
print_floor() {
  local kind newest
  for kind in GLIBC GLIBCXX; do
    newest=$(newest_of "$kind" <<<"$versions")
    [[ -z $newest ]] || printf '  note  requires %s %s or newer\n' "$kind" "$newest"
  done
}

newest_of() { # KIND, the output of readelf -V on standard input
  { grep -oE "Name: ${1}_[0-9.]+" || true; } | sed "s/.*${1}_//" | sort -uV | tail -1
}

# Where glibc is that old, libstdc++ is, too: it has to be inside.
check_floor() { # GLIBC FILE...
  local wanted=$1 file newest needed
  shift
  for file in "$@"; do
    newest=$(readelf -VW "$file" | newest_of GLIBC)
    if [[ $(printf '%s\n' "$newest" "$wanted" | sort -V | tail -1) == "$wanted" ]]; then
      ok "$(basename "$file") runs with glibc $wanted"
    else
      bad "$(basename "$file") runs with glibc $wanted" "it needs glibc $newest"
    fi
    needed=$(readelf -dW "$file" | matching 'NEEDED.*libstdc')
    expect_none "$(basename "$file") brings its own libstdc++" "$needed"
  done
}

main "$@"
