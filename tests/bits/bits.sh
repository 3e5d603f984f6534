#!/bin/sh
# The same inputs give the same bits whichever compiler made the program and
# however hard it tried: every indicator, and a backtest of every starter
# strategy to the last byte of its report.
top=$(cd "${top_srcdir:-.}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
t=$(mktemp -d) || exit 99
trap 'rm -rf "$t"' EXIT
# What a backtest is made of; the modules' other files need a database.
files="$build/src/script/starters_table.c $top/tests/bits/bits.c"
for f in "$top"/src/core/*.c "$top"/src/json/*.c "$top"/src/ind/*.c "$top"/src/script/*.c \
	"$top"/src/bt/emu*.c "$top"/src/bt/run.c "$top"/src/bt/calc.c \
	"$top"/src/bt/quick.c "$top"/src/bt/stretch.c "$top"/src/bt/path.c \
	"$top"/src/bt/rate.c "$top"/src/bt/stats.c "$top"/src/bt/report.c \
	"$top"/src/bt/out.c "$top"/src/bt/breakdown.c \
	"$top"/src/bt/record*.c "$top"/src/bt/models_out.c; do
	case $f in */script/store.c) ;; *) files="$files $f" ;; esac
done
# The flags that matter to bits are those of the real build.
flags="-std=gnu11 -w -ffp-contract=off -fno-strict-overflow -I$build -I$top/src -I$top/tests/support"
make_one() { # name, compiler, level
	mkdir "$t/$1" && cd "$t/$1" || exit 1
	# shellcheck disable=SC2086 # flags and files are words
	for f in $files; do
		$2 $flags "$3" -c -o "$(basename "$(dirname "$f")")_$(basename "$f" .c).o" "$f" || exit 1
	done >log 2>&1
	# An archive: what is not asked for need not find what it asks for.
	mv bits_bits.o main.obj && ar rcs all.a ./*.o >>log 2>&1 &&
		$2 -o bits -x none main.obj all.a -ljson-c -lm >>log 2>&1 && ./bits >sums
}
same() { # number, name
	if [ ! -s "$t/$2/sums" ]; then
		echo "not ok $1 - $2 builds and runs"
		head -20 "$t/$2/log" | sed 's/^/# /'
	elif cmp -s "$t/gcc-O2/sums" "$t/$2/sums"; then
		echo "ok $1 - $2 gives the bits of gcc -O2"
	else
		echo "not ok $1 - $2 gives the bits of gcc -O2"
		diff "$t/gcc-O2/sums" "$t/$2/sums" | head -20 | sed 's/^/# /'
	fi
}
if grep -q '^ORCH_CFLAGS = .*-fsanitize' "$build/Makefile"; then
	echo "1..0 # SKIP it builds without sanitizers, whatever this build has"
	exit 0
fi
for c in gcc clang; do
	command -v $c >/dev/null && continue
	echo "1..0 # SKIP there is no $c"
	exit 0
done
echo 1..5
if grep -q -- '-ffp-contract=off' "$build/Makefile" && ! grep -q -- '-ffast-math' "$build/Makefile"; then
	echo "ok 1 - products and sums are not contracted"
else
	echo "not ok 1 - products and sums are not contracted"
fi
make_one gcc-O2 gcc -O2 & a=$!
make_one clang-O2 clang -O2 & b=$!
make_one gcc-O0 gcc -O0 & c=$!
wait $a $b $c
same 2 gcc-O2
same 3 gcc-O0
same 4 clang-O2
if [ "$(grep -c '^ind ' "$t/gcc-O2/sums")" -gt 100 ] &&
   [ "$(grep -c '^backtest .* [1-9][0-9]* trades' "$t/gcc-O2/sums")" -gt 3 ]; then
	echo "ok 5 - there are indicators, and strategies that trade"
else
	echo "not ok 5 - there are indicators, and strategies that trade"
	grep '^backtest' "$t/gcc-O2/sums" | sed 's/^/# /'
fi
