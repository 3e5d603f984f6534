#!/bin/sh
# orchctl strategy and orchctl indicator: what they print, how they end.
ctl=${top_builddir:-.}/src/prog/orchctl
top=${top_srcdir:-.}
t=$(mktemp -d) || exit 99
trap 'rm -rf "$t"' EXIT
n=0
is() { # name, got, want
	n=$((n + 1))
	if [ "$2" = "$3" ]; then echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'got:\n%s\nwanted:\n%s\n' "$2" "$3" | sed 's/^/# /'
	fi
}
echo 1..10
got=$("$ctl" --quiet strategy check "$top"/strategies/*.pine 2>&1; echo "exit $?")
is "the starters have no fault" "$got" "exit 0"

printf '//@version=6\nstrategy("x")\nif close > opn\n\ty = 1\n' >"$t/bad.pine"
got=$(cd "$t" && "$(cd "$OLDPWD" && cd "$(dirname "$ctl")" && pwd)/orchctl" strategy check bad.pine 2>&1; echo "exit $?")
is "a fault is shown with its line and a mark" "$got" 'bad.pine:3:12: error: "opn" is not defined; did you mean "open"? [NAME]
    3 | if close > opn
      |            ^~~
exit 65'

got=$("$ctl" strategy check "$t/absent.pine" 2>/dev/null; echo "exit $?")
is "a file that is not there is an error of its own" "$got" "exit 74"

got=$("$ctl" strategy inputs "$top/strategies/ema_cross.pine" | cut -c 1-60)
is "inputs are printed as JSON" "$got" '[{"name":"fastLength","title":"Fast length","type":"int","de'

printf '//@version=6\nstrategy("x")\nx=1+2\n' >"$t/f.pine"
"$ctl" strategy fmt --write "$t/f.pine"
is "fmt --write changes the file" "$(tail -n 1 "$t/f.pine")" "x = 1 + 2"

printf 'time,close,extra\n1704067200000,1,10\n1704070800000,2,20\n1704074400000,4,30\n' >"$t/c.csv"
got=$("$ctl" indicator sma --set length=2 --input "$t/c.csv")
is "an indicator over a file" "$got" 'timestamp_ms,sma
1704067200000,
1704070800000,1.5
1704074400000,3'

got=$("$ctl" indicator sma --set length=2 --set source=extra --input "$t/c.csv" --output json)
is "any column can be the source" "$got" '{"timestamp_ms":[1704067200000,1704070800000,1704074400000],"sma":[null,15,25]}'

got=$("$ctl" indicator sma --set length=0 --input "$t/c.csv" 2>&1; echo "exit $?")
is "a parameter out of range is named" "$got" 'orchctl indicator: sma: length is 0; it must be from 1 to 5000
exit 65'

got=$("$ctl" indicator --list | grep -c '^[a-z_]* - ')
is "the list has a line for each" "$got" "$(sed -n '/define IND_ROWS/,/^$/p' "$top/src/ind/ind_i.h" | grep -o 'X([a-z_]*)' | grep -vc 'X(X)')"

printf '//@version=6\nlibrary("lib")\nexport twice(float x) => x * 2\n' >"$t/lib.pine"
printf '//@version=6\nstrategy("x")\nimport me/lib/1 as l\nplot(l.twice(close))\n' >"$t/uses.pine"
got=$("$ctl" --quiet strategy check "$t/uses.pine" 2>&1; echo "exit $?")
is "a library is read beside its script" "$got" "exit 0"
