#!/bin/sh
# orchctl indicator: other names, other columns, and input that is no good.
ctl=$(cd "${top_builddir:-.}/src/prog" && pwd)/orchctl
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
has() { # name, got, part, exit
	n=$((n + 1))
	case $2 in
	*"$3"*"exit $4") echo "ok $n - $1" ;;
	*) echo "not ok $n - $1"; printf 'got:\n%s\nwanted:\n%s\n' "$2" "$3" | sed 's/^/# /' ;;
	esac
}
run() { "$ctl" indicator "$@" 2>&1; echo "exit $?"; }
cd "$t" || exit 99
cat >c.csv <<X
time,open,high,low,close,volume,signal
1704067200000,9,11,8,10,5,1
1704070800000,10,13,9,12,6,2
1704074400000,12,12,10,11,7,4
X
echo 1..22
is "an alias of the row and of the parameter" "$(run Simple_Moving_Average --set period=2 -i c.csv)" \
"timestamp_ms,sma
1704067200000,
1704070800000,11
1704074400000,11.5
exit 0"
is "the input that stands in for source" "$(run cci --set length=2 --set source=signal -i c.csv | tail -n 2)" \
"1704074400000,66.66666666666667
exit 0"
is "averages of prices are made" "$(run change --set source=ohlc4 -i c.csv | tail -n 2)" \
"1704074400000,0.25
exit 0"
is "a value that may not be known is empty" "$(run doji -i c.csv | tail -n 2)" \
"1704074400000,0
exit 0"
has "an unknown name: the nearest ones" "$(run bolinger -i c.csv)" \
	'there is no indicator "bolinger"; did you mean bb (--list shows all)' 64
has "an unknown name, nothing near" "$(run qqqqqqqqq -i c.csv)" \
	'there is no indicator "qqqqqqqqq" (--list' 64
has "no name" "$(run)" 'which indicator?' 64
has "an unknown parameter: what there is" "$(run sma --set lenght=3 -i c.csv)" \
	'sma has no parameter or input "lenght"; it has: length, source' 65
has "a parameter that is no number" "$(run sma --set length=x -i c.csv)" \
	'--set length: "x" is no number' 65
has "a parameter that is not whole" "$(run sma --set length=2.5 -i c.csv)" \
	'sma: length is 2.5; it must be a whole number' 65
has "a parameter out of range" "$(run sma --set length=5001 -i c.csv)" \
	'sma: length is 5001; it must be from 1 to 5000' 65
has "--set without a value" "$(run sma --set length -i c.csv)" '--set takes key=value' 64
has "--output of an unknown kind" "$(run sma --output xml -i c.csv)" 'csv or json' 64
has "a missing column: what there is" "$(run sma --set source=clse -i c.csv)" \
	'c.csv: there is no column "clse"; there are: time, open, high, low, close, volume, signal' 65
: >empty.csv
has "an empty file" "$(run sma -i empty.csv)" 'empty.csv: is empty' 65
head -n 1 c.csv >head.csv
has "a header alone" "$(run sma -i head.csv)" 'head.csv: there is a header, but no row' 65
head -n 2 c.csv >one.csv
is "one row" "$(run atr -i one.csv)" "timestamp_ms,atr
1704067200000,
exit 0"
has "no such file" "$(run sma -i none.csv)" 'none.csv: No such file' 74
sed 's/,12,6,/,abc,6,/' c.csv >text.csv
has "a cell that is no number, by its line" "$(run sma -i text.csv)" \
	'text.csv:3: close: "abc" is not a number' 65
sed 's/^time,/when,/' c.csv >when.csv
has "no times" "$(run sma -i when.csv)" 'when.csv: there is no column of times' 65
printf 'time,close\n2,1\n1,2\n' >back.csv
has "times that go back" "$(run sma -i back.csv)" 'back.csv:3: time: "1" is before the row above it' 65
is "standard input" "$(run sma --set n=3 --output json <c.csv)" \
'{"timestamp_ms":[1704067200000,1704070800000,1704074400000],"sma":[null,null,11]}
exit 0'
