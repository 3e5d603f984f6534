#!/bin/sh
# orchctl backtest: the rule sets, several pairs, checks, and input that is bad.
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
ends() { # name, status, part of stderr or stdout, arguments...
	name=$1 want="$2 yes"
	part=$3
	shift 3
	"$ctl" backtest "$@" >"$t/out" 2>&1
	rc=$?
	grep -qF -- "$part" "$t/out" && got="$rc yes" || got="$rc $(cat "$t/out")"
	is "$name" "$got" "$want"
}
echo 1..29

cat >"$t/s.pine" <<'EOT'
//@version=5
strategy("turn", initial_capital=1000)
if close > open
    strategy.entry("L", strategy.long, qty=1)
if close < open
    strategy.close("L")
plot(last_bar_index, "end")
EOT
grep -v last_bar "$t/s.pine" >"$t/clean.pine"
h=time,open,high,low,close,volume
cat >"$t/a.csv" <<EOT
$h
1704067200000,10,12,10,11,50
1704070800000,11,13,11,12,50
1704074400000,12,12,9,10,50
1704078000000,10,11,9,10.5,50
1704081600000,10.5,12,10,11.5,50
1704085200000,11.5,12,11,11.25,50
1704088800000,11,12,10,11,50
EOT
sed 's/^170408/170409/' "$t/a.csv" | head -n 4 >"$t/b.csv"

printf '{"stoploss":-0.5,"stake_amount":100,"fee":0,"timeframe":"1h"}' >"$t/r.json"
"$ctl" backtest "$t/clean.pine" --rules-set freqtrade --rules "$t/r.json" \
	--candles X/Y="$t/a.csv" --quiet --trades "$t/f.csv"
is "a script gives the signals of freqtrade's rules" \
	"$(cut -d, -f2-8 "$t/f.csv" | head -n 2)" \
	"pair,direction,entry_ms,entry_price,exit_ms,exit_price,exit_reason
X/Y,long,1704070800000,11,1704078000000,10,exit_signal"
ends "freqtrade rules need a file of rules" 64 "--rules FILE" \
	"$t/s.pine" --rules-set freqtrade --candles "$t/a.csv"
ends "rules need their rule set" 64 "--rules-set freqtrade" \
	"$t/s.pine" --rules "$t/r.json" --candles "$t/a.csv"
ends "a rule set that is none" 64 "chart, freqtrade or strict" \
	"$t/s.pine" --rules-set best --candles "$t/a.csv"
cat >"$t/stop.pine" <<'EOT'
//@version=5
strategy("stop")
strategy.entry("L", strategy.long, stop=12)
EOT
sed 's/1h/5m/' "$t/r.json" >"$t/r5.json"
ends "rules of another timeframe" 65 "60 minutes apart" "$t/clean.pine" \
	--rules-set freqtrade --rules "$t/r5.json" --candles "$t/a.csv"
ends "an entry at a price is no signal" 65 "line 3" "$t/stop.pine" \
	--rules-set freqtrade --rules "$t/r.json" --candles "$t/a.csv"

"$ctl" backtest "$t/clean.pine" --rules-set strict --latency 0 --spread 2 \
	--slippage 1 --mintick 0.25 --lot 1 --candles "$t/a.csv" --quiet \
	--json "$t/strict.json" --trades "$t/strict.csv"
is "strict: half a spread and the slippage" \
	"$(sed -n 2p "$t/strict.csv" | cut -d, -f4,7)" "11.5,9.5"
is "strict: what is in force is told" \
	"$(grep -o '"spread":"0.5","latency_ms":0,"volume_share":"0.1"' "$t/strict.json")" \
	'"spread":"0.5","latency_ms":0,"volume_share":"0.1"'
is "the fields of a trade" "$(grep -o '"trades":\[{[^}]*' "$t/strict.json" |
	grep -o '"[a-z_]*":' | tr -d '":' | tr '\n' ' ')" \
	"trades number pair direction entry_ms entry_price entry_signal exit_ms exit_price exit_reason exit_signal qty profit profit_ratio fees mfe mae bars tag open_at_end "

"$ctl" backtest "$t/clean.pine" --candles A="$t/a.csv" --candles B="$t/b.csv" \
	--max-open-trades 2 --quiet --json "$t/p.json"
is "several pairs end with 0" $? 0
is "several pairs: each trade says its own" \
	"$(grep -o '"pair":"[AB]"' "$t/p.json" | sort -u | tr '\n' ' ')" '"pair":"A" "pair":"B" '
ends "several pairs are not verified" 64 "one pair" "$t/clean.pine" --verify \
	--candles A="$t/a.csv" --candles B="$t/b.csv"

ends "a look at the end is found" 65 "look-ahead: bar 0" "$t/s.pine" \
	--candles "$t/a.csv" --quiet --check-lookahead
ends "no look at the end" 0 "no look-ahead" "$t/clean.pine" \
	--candles "$t/a.csv" --quiet --check-lookahead
ends "too few candles to begin later" 0 "too few" "$t/clean.pine" \
	--candles "$t/a.csv" --quiet --check-recursion

sed 's/initial_capital=1000/calc_on_order_fills=true, use_bar_magnifier=true/' \
	"$t/clean.pine" >"$t/fills.pine"
ends "what runs after fills know is said" 0 "calc_on_order_fills: as on the chart" \
	"$t/fills.pine" --candles "$t/a.csv"
ends "a magnifier needs finer candles" 0 "give finer candles" \
	"$t/fills.pine" --candles "$t/a.csv"

one() { printf '%s\n' "$h" "$@" >"$t/x.csv"; }
one 1704067200000,10,12,10,11,5
ends "one candle" 0 "closed trades" "$t/clean.pine" --candles "$t/x.csv"
one 1704067200000,10,12,10,11,5 1704067200000,10,12,10,11,5
ends "a candle twice" 65 "x.csv:3" "$t/clean.pine" --candles "$t/x.csv"
one 1704070800000,10,12,10,11,5 1704067200000,10,12,10,11,5
ends "candles that go back" 65 "x.csv:3" "$t/clean.pine" --candles "$t/x.csv"
one 1704067200000,10,12,10,nan,5
ends "a price that is none" 65 "x.csv:2" "$t/clean.pine" --candles "$t/x.csv"
: >"$t/x.csv"
ends "an empty file" 65 "is empty" "$t/clean.pine" --candles "$t/x.csv"
sed 's/,50$/,0/' "$t/a.csv" >"$t/x.csv"
ends "strict without volume has no bound" 0 "closed trades" "$t/clean.pine" \
	--rules-set strict --candles "$t/x.csv"
printf '//@version=5\nstrategy("x")\nwhile true\n    a = 1\n' >"$t/loop.pine"
ends "a script that loops for ever" 65 "line 3" "$t/loop.pine" \
	--candles "$t/a.csv" --json "$t/loop.json"
is "and leaves nothing behind" "$(find "$t" -name "loop.json*")" ""
ends "a device that is full" 74 "/dev/full" "$t/clean.pine" \
	--candles "$t/a.csv" --quiet --json /dev/full
mkdir "$t/dir"
ends "a name that is a directory" 74 "dir" "$t/clean.pine" \
	--candles "$t/a.csv" --quiet --json "$t/dir"
is "no part of a result is left" "$(find "$t" -name "*.part")" ""

cat >"$t/sig.csv" <<'EOT'
time,open,high,low,close,volume,enter_long,exit_long
1704067200000,100,101,99,100,1,1,0
1704070800000,100,101,99,100,1,0,0
1704074400000,101,102,99,100,1,1,0
1704078000000,104,105,103,104,1,0,0
1704081600000,105,105,103,104,1,0,0
EOT
"$ctl" backtest --signals X="$t/sig.csv" --rules "$t/r.json" --quiet \
	--from 1704074400000 --trades "$t/f.csv"
is "signals of a range" "$(sed -n 2p "$t/f.csv" | cut -d, -f4,5)" "1704078000000,104"
