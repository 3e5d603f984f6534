#!/bin/sh
# The ceilings of HACKING.md, measured: functions of at most 80 lines and
# complexity 20, .c files of 900 lines, headers of 250, client files of 500.
cd "${top_srcdir:-.}" || exit 99
n=0
rule() { # name, offenders
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"
	else echo "not ok $n - $1"; echo "$2" | sed 's/^/# /'; fi
}
long() { # limit; file names on stdin
	while read -r f; do
		l=$(wc -l <"$f")
		[ "$l" -le "$1" ] || echo "$f: $l lines"
	done
}
echo 1..5
rule "no .c file over 900 lines" "$(find src -name '*.c' | long 900)"
rule "no header over 250 lines" "$(find src -name '*.h' | long 250)"
rule "no client file over 500 lines" "$(find web/src -type f \( -name '*.ts' -o -name '*.tsx' -o -name '*.css' \) 2>/dev/null | grep -v '/api/schema' | long 500)"
if ! command -v pmccabe >/dev/null; then
	echo "ok 4 - functions of at most complexity 20 # SKIP pmccabe is not installed"
	echo "ok 5 - functions of at most 80 lines # SKIP pmccabe is not installed"
	exit 0
fi
m=$(find src -name '*.c' -exec pmccabe {} +)
rule "functions of at most complexity 20" "$(echo "$m" | awk -F'\t' '$2 > 20 {print $6 $7 ": complexity " $2}')"
rule "functions of at most 80 lines" "$(echo "$m" | awk -F'\t' '$5 > 80 {print $6 $7 ": " $5 " lines"}')"
