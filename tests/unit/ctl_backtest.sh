#!/bin/sh
# orchctl backtest: what it writes, how it ends, and that it ends well on
# input that is bad.
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
	"$ctl" backtest "$@" >"$t/out" 2>"$t/err"
	rc=$?
	grep -qF -- "$part" "$t/err" && got="$rc yes" || got="$rc $(cat "$t/err")"
	is "$name" "$got" "$want"
}
echo 1..29

cat >"$t/s.pine" <<'EOT'
//@version=5
strategy("two", initial_capital=1000)
if close > open
    strategy.entry("L", strategy.long, qty=1)
if close < open
    strategy.close("L")
EOT
cat >"$t/c.csv" <<'EOT'
time,open,high,low,close,volume
1704067200000,10,12,10,11,5
1704070800000,11,13,11,12,5
1704074400000,12,12,9,10,5
1704078000000,10,11,9,10.5,5
1704081600000,10.5,12,10,11.5,5
EOT
"$ctl" backtest "$t/s.pine" --candles "$t/c.csv" --quiet --trades "$t/t.csv" \
	--equity "$t/e.csv" --json "$t/r.json"
is "it ends with 0" $? 0
is "the trades are written" "$(cut -d, -f2-7 "$t/t.csv")" 'direction,entry_ms,entry_price,entry_signal,exit_ms,exit_price
long,1704070800000,11,L,1704078000000,10
long,1704081600000,10.5,L,1704081600000,11.5'
is "an equity point a bar" "$(wc -l <"$t/e.csv" | tr -d ' ')" 6
is "the last equity is cash and position" "$(tail -n 1 "$t/e.csv" | cut -d, -f2,3)" "1000,1"
is "properties in force are in the result" \
	"$(grep -o '"initial_capital":"1000"' "$t/r.json" | head -n 1)" '"initial_capital":"1000"'
"$ctl" backtest "$t/s.pine" --candles "$t/c.csv" --quiet --json "$t/r2.json"
is "the same run gives the same bytes" "$(cmp "$t/r.json" "$t/r2.json" && echo same)" same

is "a run verifies itself as a bot" \
	"$("$ctl" backtest "$t/s.pine" --candles "$t/c.csv" --verify | tail -n 1)" \
	"verified: live = backtest over 5 candles, 3 orders, 3 fills, 1 closed trades"
"$ctl" backtest "$t/s.pine" --candles "$t/c.csv" --verify --quiet >"$t/out"
is "and says nothing when it is to be quiet" "$? $(cat "$t/out")" "0 "

ends "a script that is not there" 66 "absent.pine" "$t/absent.pine" --candles "$t/c.csv"
ends "a script with a fault" 65 "NAME" /dev/stdin --candles "$t/c.csv" <<'EOT'
//@version=5
strategy("x")
strategy.entry("L", strategy.long, qty=nothing)
EOT
printf 'time,open,high,low,close\n' >"$t/none.csv"
ends "a file without candles" 65 "no candles" "$t/s.pine" --candles "$t/none.csv"
printf 'time,open,high,low,close\n1,5,4,1,2\n' >"$t/bad.csv"
ends "a candle that is none" 65 "bad.csv:2" "$t/s.pine" --candles "$t/bad.csv"
ends "neither file nor market" 64 "either" "$t/s.pine"
ends "an input that is not there" 65 "nosuch" "$t/s.pine" --candles "$t/c.csv" --set nosuch=1

cat >"$t/sig.csv" <<'EOT'
date,open,high,low,close,volume,enter_long,exit_long
2024-01-01 00:00:00,100,101,99,100,1,1,0
2024-01-01 01:00:00,100,101,99,100,1,0,0
2024-01-01 02:00:00,100,101,99,100,1,0,1
2024-01-01 03:00:00,104,105,103,104,1,0,0
2024-01-01 04:00:00,104,105,103,104,1,0,0
EOT
printf '{"stoploss":-0.1,"stake_amount":100,"fee":0,"timeframe":"1h"}' >"$t/r.rules"
"$ctl" backtest --signals "X/Y=$t/sig.csv" --rules "$t/r.rules" --quiet --trades "$t/f.csv"
is "signals under freqtrade's rules" "$(tail -n 1 "$t/f.csv" | cut -d, -f2-8)" \
	"X/Y,long,1704070800000,100,1704078000000,104,exit_signal"
ends "signals need rules" 65 "--rules" --signals "$t/sig.csv"
ends "candles without signal columns" 65 "enter_long" --signals "$t/c.csv" --rules "$t/r.rules"
printf '{"stoploss":-0.1,"stop":1}' >"$t/bad.rules"
ends "a rule that is not known" 65 '"stop"' --signals "$t/sig.csv" --rules "$t/bad.rules"
ends "a result that cannot be written" 74 "nowhere" "$t/s.pine" --candles "$t/c.csv" --json "$t/nowhere/r.json"

cat >"$t/more.pine" <<'EOT'
//@version=6
strategy("more")
other = request.security("ETH/USDT", timeframe.period, close)
if data.column("mood") > 1 and other > 100
    strategy.entry("L", strategy.long, qty = 1)
EOT
sed '1s/$/,mood/; 2,3s/$/,0/; 4,$s/$/,2/' "$t/c.csv" >"$t/mood.csv"
awk -F, 'NR == 1 { print } NR > 1 { print $1 ",1000,1000,1,900,5" }' \
	"$t/c.csv" >"$t/eth.csv"
"$ctl" backtest "$t/more.pine" --candles "$t/mood.csv" --data ETHUSDT:1h="$t/eth.csv" --quiet \
	--trades "$t/t.csv"
is "more columns and other symbols are read" "$(cut -d, -f2-4 "$t/t.csv" | tail -n 1)" \
	"long,1704078000000,10"
ends "candles that are not given are asked for" 65 "--data ETH/USDT=FILE" "$t/more.pine" \
	--candles "$t/mood.csv"
ends "--data says what it is" 65 "must be SYMBOL[:TF]=FILE" "$t/more.pine" \
	--candles "$t/mood.csv" --data "$t/eth.csv"
"$ctl" backtest "$t/s.pine" --candles "$t/c.csv" --quiet --html "$t/r.html"
"$ctl" backtest "$t/s.pine" --candles "$t/c.csv" --quiet --trades "$t/t.csv"
is "a page of the run is written, with its trades" "$(grep -c '<td>long</td>' "$t/r.html")
$(grep -c -e '<h1>two</h1>' -e '</html>' "$t/r.html")" "$(grep -c long "$t/t.csv")
2"
ends "a page that cannot be written is an error" 74 "no/r.html" "$t/s.pine" \
	--candles "$t/c.csv" --html "$t/no/r.html"

cat >"$t/day.pine" <<'EOT'
//@version=5
strategy("days")
strategy.risk.max_intraday_filled_orders(1)
if hour == 20 or hour == 21
    strategy.entry("L" + str.tostring(hour) + syminfo.session, strategy.long, qty=1)
EOT
# 00:00 to 03:00 UTC are 19:00 to 22:00 in New York
"$ctl" backtest "$t/day.pine" --candles "$t/c.csv" --quiet --timezone America/New_York \
	--session 1700-1700 --trades "$t/t.csv"
is "hours and days are the exchange's" "$(cut -d, -f2-5 "$t/t.csv" | tail -n +2)" \
	"long,1704074400000,12,L201700-1700"
ends "a time zone that does not exist" 64 "time zone is not known" "$t/s.pine" \
	--candles "$t/c.csv" --timezone Mars/Olympus
ends "a session that is none" 64 "a session is written" "$t/s.pine" \
	--candles "$t/c.csv" --session 9-17

sed 's/strategy.long, qty=1/&, comment="bought"/; s/close("L"/&, comment="sold"/' "$t/s.pine" >"$t/named.pine"
"$ctl" backtest "$t/named.pine" --candles "$t/c.csv" --quiet --trades "$t/t.csv"
is "a comment is what an order is called" "$(cut -d, -f5,9 "$t/t.csv" | sed -n 2p)" "bought,sold"
ends "freqtrade's rules have no live side to verify" 64 "chart or strict" \
	--signals "$t/sig.csv" --rules "$t/r.rules" --verify
