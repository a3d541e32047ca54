#!/usr/bin/env bash
#
# Makes a folder to link against, in place of the machine's glibc, so that what is linked runs on older systems.
#
# An object file names what it needs without a version; the linker takes the version from the libc.so that it finds. So
# the libraries of an old glibc are enough, and Zig can make those of any version: lists of names, without code.
# scripts/linker.sh uses the folder when CODECELL_GLIBC names it.
set -euo pipefail

readonly GLIBC=2.28
readonly ZIG=0.17.1

main() {
  if (($# != 1)) || [[ $1 == -* ]]; then
    echo "usage: scripts/old-glibc.sh FOLDER   (needs Python with pip; takes Zig $ZIG from PyPI)" >&2
    exit 2
  fi
  mkdir -p "$1"
  folder=$(realpath "$1")
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT

  make_stubs
  make_start_files
  make_libc
  echo "glibc $GLIBC for $(uname -m): $folder"
}

# Zig keeps the libraries that it made for a program in its cache.
make_stubs() {
  local library name
  python3 -m venv "$work/python"
  "$work/python/bin/pip" install --quiet --disable-pip-version-check "ziglang==$ZIG"
  echo 'int main(void) { return 0; }' >"$work/empty.c"
  ZIG_GLOBAL_CACHE_DIR=$work/cache ZIG_LOCAL_CACHE_DIR=$work/cache "$work/python/bin/python" -m ziglang cc \
    -target "$(uname -m)-linux-gnu.$GLIBC" -pie -o "$work/empty" "$work/empty.c" -lm -lpthread -ldl -lrt -lutil
  for name in c m pthread dl rt util ld; do
    library=$(find "$work/cache" -name "lib$name.so.*" | grep . | head -1)
    cp "$library" "$folder/"
    [[ $name == c || $name == ld ]] || ln -sf "$(basename "$library")" "$folder/lib$name.so"
  done
}

# From 2.34 on, a program's start leaves its constructors to glibc. An older one does not know that.
make_start_files() {
  local start
  start=$(find "$work/cache" -name Scrt1.o | grep . | head -1)
  cp "$start" "$folder/Scrt1.o"
}

# Two names that the addon asks for are younger: libstdc++ asks __libc_single_threaded whether it may do without atomic
# operations, which it may not, and threads ask for their id.
make_libc() {
  cp "$(find "$work/cache" -name libc_nonshared.a | grep . | head -1)" "$folder/"
  cat >"$work/younger.c" <<'C'
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
#pragma GCC visibility push(hidden)
char __libc_single_threaded = 0;
pid_t gettid(void) { return (pid_t)syscall(SYS_gettid); }
C
  cc -O2 -fPIC -c -o "$work/younger.o" "$work/younger.c"
  ar r "$folder/libc_nonshared.a" "$work/younger.o"
  echo "GROUP($folder/libc.so.6 $folder/libc_nonshared.a AS_NEEDED($folder/libld.so.2))" >"$folder/libc.so"
}

main "$@"
