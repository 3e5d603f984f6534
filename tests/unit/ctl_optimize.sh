#!/bin/sh
# orchctl optimize: what it finds and says, that it continues what was cut off
# with the same bytes, that processes change nothing, and how bad input ends.
ctl=${top_builddir:-.}/src/prog/orchctl
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
ends() { # name, status, part of stderr, arguments...
	name=$1 want="$2 yes"
	part=$3
	shift 3
	"$ctl" optimize "$@" >"$t/out" 2>"$t/err"
	rc=$?
	grep -qF -- "$part" "$t/err" && got="$rc yes" || got="$rc $(cat "$t/err")"
	is "$name" "$got" "$want"
}
echo 1..28

cat >"$t/s.pine" <<'EOT'
//@version=5
strategy("cross", initial_capital=1000)
fast = input.int(3, "Fast length", minval=2, maxval=8, step=1)
slow = input.int(10, minval=5, maxval=40, step=5)
side = input.string("long", options=["long", "both"])
f = ta.sma(close, fast)
s = ta.sma(close, slow)
if ta.crossover(f, s)
    strategy.entry("L", strategy.long)
if ta.crossunder(f, s)
    strategy.close("L")
    if side == "both"
        strategy.entry("S", strategy.short)
EOT
# Four months of hours: a slow wave and a fast one.
awk 'BEGIN { print "time,open,high,low,close,volume"; p = 100
	for (i = 0; i < 3000; i++) {
		c = 100 + 8 * sin(i / 37) + 3 * sin(i / 5.3) + (i * 7919 % 101) / 60
		h = (p > c ? p : c) + 0.2; l = (p < c ? p : c) - 0.2
		printf "%.0f,%.2f,%.2f,%.2f,%.2f,5\n", 1704067200000 + i * 3600000, p, h, l, c
		p = sprintf("%.2f", c) + 0
	} }' >"$t/c.csv"
opt() { "$ctl" optimize "$t/s.pine" --candles "$t/c.csv" -q "$@"; }

opt --json "$t/a.json" --csv "$t/a.csv" >"$t/a.txt"
is "it ends with 0" $? 0
is "all inputs with min, max and step are searched" "$(wc -l <"$t/a.csv" | tr -d ' ')" 57
is "the trials have their inputs" "$(sed -n '2p' "$t/a.csv" | cut -d, -f1-4)" "0,0,2,5"
is "what is said of luck is always said" \
	"$(grep -cE 'probability of overfitting +0\.|deflated Sharpe ratio +[01]\.|parameter plateau +[01]\.|drawdown, trades in other|blocks of returns' "$t/a.txt")" 5
best=$(sort -t, -k5,5gr "$t/a.csv" | sed -n '1p' | cut -d, -f2)
is "the best has the most of the objective" \
	"$(grep -o '"best":{"fold":0,"number":[0-9]*' "$t/a.json" | sed 's/.*://')" "$best"
opt --json "$t/b.json" -j 3 >"$t/b.txt"
is "three processes give the same bytes" "$(cmp "$t/a.json" "$t/b.json" && cmp "$t/a.txt" "$t/b.txt" && echo same)" same

# What a trial says is what the backtest says.
"$ctl" backtest "$t/s.pine" --candles "$t/c.csv" -q --set fast=2 --set slow=5 --json "$t/one.json"
is "a trial is a backtest" \
	"$(sed -n '2p' "$t/a.csv" | cut -d, -f5 | cut -c1-12)" \
	"$(grep -o '"sharpe":[-0-9.e]*' "$t/one.json" | head -n 1 | cut -d: -f2 | cut -c1-12)"

for m in random sobol anneal tpe; do
	args="--method $m --trials 40 --seed 5 --space fast=2:8:1 --space slow=5:40:1"
	opt $args -o "$t/$m.jsonl" --json "$t/$m.json" >"$t/$m.txt"
	# Cut in the middle of a line, as a crash would.
	size=$(wc -c <"$t/$m.jsonl")
	head -c $((size / 2)) "$t/$m.jsonl" >"$t/cut.jsonl"
	opt $args -o "$t/cut.jsonl" --json "$t/cut.json" -j 2 >"$t/cut.txt"
	is "$m: continued, it ends with the same bytes" \
		"$(cmp "$t/$m.json" "$t/cut.json" && cmp "$t/$m.txt" "$t/cut.txt" && echo same)" same
	is "$m: the file has every trial once" \
		"$(sed 1d "$t/cut.jsonl" | grep -o '"number":[0-9]*' | sort -u | wc -l | tr -d ' ')" 40
done

opt --walk-forward rolling --train 1000 --test 500 --json "$t/w.json" >"$t/w.txt"
is "walk-forward has its folds" "$(grep -o '"test_from"' "$t/w.json" | wc -l | tr -d ' ')" 4
is "out of sample is marked" \
	"$(grep -c 'OUT OF SAMPLE' "$t/w.txt") $(grep -c '^Out of sample, all folds' "$t/w.txt")" "1 1"
is "a constraint is kept to" \
	"$(opt --constraint 'trades>=100000' | grep -c 'No trial met the constraints')" 1

# Ctrl-C: all that was done is in the file, and the same command ends it.
args="--space fast=2:8:1 --space slow=5:40:1 --walk-forward anchored --train 1000 --test 80"
opt $args --json "$t/whole.json" >/dev/null
"$ctl" optimize "$t/s.pine" --candles "$t/c.csv" -q $args -o "$t/int.jsonl" \
	--json "$t/int.json" >/dev/null 2>&1 &
pid=$!
tries=0
while [ $tries -lt 500 ] && kill -0 $pid 2>/dev/null; do
	[ -s "$t/int.jsonl" ] && [ "$(wc -l <"$t/int.jsonl")" -ge 3 ] && break
	tries=$((tries + 1))
	sleep 0.02
done
kill -TERM $pid
wait $pid
is "stopped, it says so by its status" $? 130
is "what was done is kept" "$([ "$(wc -l <"$t/int.jsonl")" -ge 3 ] && echo kept)" kept
opt $args -o "$t/int.jsonl" --json "$t/int.json" >/dev/null 2>&1
is "and is continued to the same end" "$(cmp "$t/whole.json" "$t/int.json" && echo same)" same

s="$t/s.pine --candles $t/c.csv"
ends "a file of another search" 65 "another search" $s --seed 9 -o "$t/tpe.jsonl"
ends "an input that is not there" 65 "nosuch" $s --space nosuch=1:2:1
ends "a range upside down" 65 "above max" $s --space fast=8:2:1
ends "a metric that is none" 65 "beauty" $s --objective beauty
ends "a method that is none" 65 "method" $s --method luck
ends "too few candles to walk" 65 "bars" $s --walk-forward rolling --train 9000 --test 10
ends "walk-forward without lengths" 64 "--train" $s --walk-forward rolling
