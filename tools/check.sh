#!/bin/bash
# check.sh - every test of the project, called by ./quickstart check.
# Each suite adds to two counters; the last line is their sum.
#
#   tools/check.sh [SUITE...]	lint gcc asan integ web e2e dist (default: all)
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD
. tools/quickstart.sh

passed=0
failed=0
skipped=0
work=${ORCH_CHECK_DIR:-$top/build/check}
export ORCH_REQUIRE_INTEG=1	# a missing server fails a test, it skips none
# Real candles beside the project, when they are there (also for distcheck,
# which builds somewhere else).
if [ -z "${ORCH_SHARED_DATA-}" ] && [ -d ../shared/data ]; then
	ORCH_SHARED_DATA=$(cd ../shared/data && pwd)
	export ORCH_SHARED_DATA
fi

# count NAME PASSED FAILED [SKIPPED]
count() {
	passed=$((passed + $2))
	failed=$((failed + $3))
	skipped=$((skipped + ${4:-0}))
	printf '     %s: %d passed, %d failed' "$1" "$2" "$3"
	[ "${4:-0}" = 0 ] || printf ', %d skipped' "$4"
	printf ' (%d s)\n' $((SECONDS - began))
}
suite() { began=$SECONDS; step "$1"; }

# one NAME COMMAND...: a test that is one command
one() {
	local name=$1 log
	shift
	log=$work/$(printf '%s' "$name" | tr -c 'a-z0-9\n' '-').log
	if "$@" >"$log" 2>&1 </dev/null; then
		count "$name" 1 0
	else
		tail -n 40 "$log" | sed 's/^/     | /'
		count "$name" 0 1
	fi
}

# The sums that automake's test driver prints, over all of a log.
tap_count() { # NAME LOG EXIT-STATUS
	local p f e s
	p=$(awk '/^# PASS:/ {n += $3} END {print n + 0}' "$2")
	f=$(awk '/^# (FAIL|ERROR|XPASS):/ {n += $3} END {print n + 0}' "$2")
	s=$(awk '/^# SKIP:/ {n += $3} END {print n + 0}' "$2")
	grep -E '^(SKIP)' "$2" | sed 's/^/     | /'
	e=0
	if [ "$3" != 0 ] || [ "$p" = 0 ]; then
		[ "$f" = 0 ] && e=1	# it ended before a test could fail
		grep -E '^(FAIL|ERROR|XPASS):|error:|undefined reference' "$2" | head -n 40 | sed 's/^/     | /'
		[ $e = 1 ] && tail -n 25 "$2" | sed 's/^/     | /'
	fi
	count "$1" "$p" $((f + e)) "$s"
}

configured() { # DIR ARGUMENTS...: a build directory of its own
	local dir=$1
	shift
	mkdir -p "$dir"
	[ -x configure ] && [ configure -nt configure.ac ] ||
		quiet "$work/autoreconf.log" ./autogen.sh || return 1
	[ -f "$dir/Makefile" ] ||
		(cd "$dir" && quiet "$work/configure.log" "$top/configure" "$@")
}

built_check() { # NAME DIR TARGET
	local log=$2/check-$3.log rc
	# One more than there are processors: many tests wait for a server.
	make -C "$2" -j"$(nproc)" >"$log" 2>&1 &&
		make -C "$2" -j$(($(nproc) + 1)) "$3" >>"$log" 2>&1 </dev/null
	rc=$?
	tap_count "$1" "$log" $rc
}

run_lint() {
	suite "lint: shellcheck, cppcheck, man pages"
	local sh
	sh=$(git ls-files 2>/dev/null | while read -r f; do
		[ -f "$f" ] && head -n 1 "$f" | grep -qE '^#!.*\b(ba)?sh\b' && echo "$f"; done)
	# shellcheck disable=SC2086
	one shellcheck shellcheck -x -S warning $sh
	one cppcheck cppcheck -q --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning --suppressions-list=tools/cppcheck.txt \
		-j"$(nproc)" -I src src
	one "manual pages" tools/manlint.sh
}
run_gcc() {
	suite "gcc: unit, fault, fuzz corpora, source tests"
	configured "$work/gcc" --enable-werror --enable-faults --prefix="$work/gcc/root" ||
		{ count gcc 0 1; return; }
	built_check gcc "$work/gcc" check
}
run_asan() {
	suite "clang with address and undefined-behaviour sanitizers: the same"
	configured "$work/asan" --enable-werror --enable-faults --enable-asan CC="ccache clang" \
		CFLAGS="-O1 -g" ||
		{ count asan 0 1; return; }
	built_check asan "$work/asan" check
}
run_integ() {
	suite "integration: real MariaDB, real nginx, killed processes"
	configured "$work/gcc" --enable-werror --enable-faults --prefix="$work/gcc/root" ||
		{ count integration 0 1; return; }
	built_check integration "$work/gcc" check-integ
}
run_web() {
	suite "browser client: lint, types, unit tests, size"
	local log=$work/web.log rc p f
	build_web
	(cd web && npm run check) >"$log" 2>&1 </dev/null
	rc=$?
	sed -i 's/\x1b\[[0-9;]*m//g' "$log"
	p=$(awk '/^ *Tests / {for (i = 2; i < NF; i++) if ($(i+1) ~ /^passed/) n += $i} END {print n + 0}' "$log")
	f=$(awk '/^ *Tests / {for (i = 2; i < NF; i++) if ($(i+1) ~ /^failed/) n += $i} END {print n + 0}' "$log")
	[ $rc = 0 ] || tail -n 40 "$log" | sed 's/^/     | /'
	[ $rc != 0 ] && [ "$f" = 0 ] && f=1
	[ "$p" = 0 ] && [ "$f" = 0 ] && f=1
	count "browser client" "$p" "$f"
}
run_e2e() {
	suite "end to end: ./quickstart as a user starts it, headless Chromium"
	local log=$work/e2e.log rc p f
	ORCH_BUILD=$work/product tools/e2e.sh "$work/e2e" >"$log" 2>&1 </dev/null
	rc=$?
	sed -i 's/\x1b\[[0-9;]*m//g' "$log"
	p=$(awk '/^ +[0-9]+ passed/ {n += $1} END {print n + 0}' "$log")
	f=$(awk '/^ +[0-9]+ failed/ {n += $1} END {print n + 0}' "$log")
	[ $rc = 0 ] || tail -n 60 "$log" | sed 's/^/     | /'
	[ $rc != 0 ] && [ "$f" = 0 ] && f=1
	[ "$p" = 0 ] && [ "$f" = 0 ] && f=1
	count "end to end" "$p" "$f"
}
run_dist() {
	suite "make distcheck"
	configured "$work/gcc" --enable-werror --enable-faults --prefix="$work/gcc/root" ||
		{ count distcheck 0 1; return; }
	build_web
	# Its optimiser is the other suites' affair: -O1 builds sooner.
	one distcheck make -C "$work/gcc" -j$(($(nproc) + 1)) \
		DISTCHECK_CONFIGURE_FLAGS="CFLAGS=-O1" distcheck
}

packages check
mkdir -p "$work" || exit 1
# What the suites build alike is compiled once; the cache is this run's own.
export CC="ccache gcc" CCACHE_DIR="$work/ccache" CCACHE_NOHASHDIR=1 CCACHE_COMPRESS=1
for s in "${@:-lint gcc asan integ web e2e dist}"; do
	for t in $s; do
		case $t in
		lint|gcc|asan|integ|web|e2e|dist) "run_$t" ;;
		*) die "no suite named $t" ;;
		esac
	done
done
printf '\n%d s in all' "$SECONDS"
[ $skipped = 0 ] || printf ', %d skipped' $skipped
printf '\n%d passed, %d failed\n' $passed $failed
[ $failed = 0 ] && [ $passed -gt 0 ]
