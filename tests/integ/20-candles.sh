#!/bin/sh
# shellcheck source=tests/integ/env.sh
# Candles from files into the database and out again, by orchctl.
. "${top_srcdir:-.}/tests/integ/env.sh"
data=${ORCH_SHARED_DATA:-$top_srcdir/../shared/data}
unset ORCH_SHARED_DATA		# no setting of ours
env_start
env_migrate

run() {	# command...: status in $rc, output in $out, messages in $T/err
	out=$("$@" 2>"$T/err"); rc=$?
}
head='timestamp_ms,open,high,low,close,volume'
cat >"$T/a.csv" <<END
$head
1640995200000,46216.93,46731.39,46208.37,46656.13,1503.33095
1640998800000,46656.14,46949.99,46574.06,46778.14,943.81539
1641002400000,46778.15,46916.63,46731.95,46811.77,635.95391
1641009600000,46811.80,46900.00,46700.10,46750.5,0.1
END

run orchctl candles import --market binance:BTC/USDT --dry-run "$T/a.csv"
is "a dry run succeeds" "$rc" 0
is "and writes nothing" "$(sql 'SELECT COUNT(*) FROM orch.market')" 0

run orchctl candles import --market binance:BTC/USDT --tf 1h "$T/a.csv"
is "a file is imported" "$rc" 0
like "the result is told" "$out" '^binance:BTC/USDT 1h: 4 candles from 2022-01-01T00:00:00.*4 added, 0 already there, 0 replaced; market created$'
like "the gap is told" "$(cat "$T/err")" '2022-01-01T03:00:00.*Z to 2022-01-01T04:00:00.*: 1$'
is "tick and lot follow from the digits" \
	"$(sql 'SELECT CONCAT(tick + 0, " ", lot + 0) FROM orch.market')" \
	"0.010000000000000000 0.000010000000000000"

gzip -c "$T/a.csv" >"$T/a.csv.gz"
run orchctl candles import -m binance:BTC/USDT "$T/a.csv.gz"
like "the same once more, packed, changes nothing" "$out" '0 added, 4 already there, 0 replaced$'

sed 's/46656.13/46656.12/' "$T/a.csv" >"$T/b.csv"
run orchctl candles import -m binance:BTC/USDT "$T/b.csv"
is "other numbers are a data error" "$rc" 65
like "which names the line and the time" "$(cat "$T/err")" \
	'nothing was imported.*line 2: the stored 1h candle of 2022-01-01T00:00:00.*has other numbers'
run orchctl candles import -m binance:BTC/USDT --replace "$T/b.csv"
like "--replace takes them" "$out" '0 added, 3 already there, 1 replaced$'

run orchctl candles export -m binance:BTC/USDT -t 1h
is "the export is the import, with zeros dropped" "$out" "$(sed 's/46811.80/46811.8/; s/46900.00/46900/; s/46700.10/46700.1/' "$T/b.csv")"
run orchctl candles export -m binance:BTC/USDT -t 1h --from 2022-01-01T01:00:00Z --to 2022-01-01T02:00:00Z
is "a part can be exported" "$(printf '%s\n' "$out" | wc -l)" 2

cat >"$T/bad.csv" <<END
$head
1641013200000,46750,46800,46700,46720,1
1641016800000,46720,46600,46700,46650,1
1641020400000,NaN,46600,46500,46550,1
END
run orchctl candles import -m binance:BTC/USDT -t 1h "$T/bad.csv"
is "broken rows refuse the file" "$rc" 65
like "by line and reason" "$(cat "$T/err")" 'bad.csv: line 3: high < low: "1641016800000"'
like "all of them" "$(cat "$T/err")" 'bad.csv: line 4: not a number: "NaN"'
like "and nothing is imported" "$(cat "$T/err")" 'nothing was imported: 2 broken rows'
is "not even the good row" "$(sql 'SELECT n FROM orch.candle_series')" 4
run orchctl candles import -m binance:BTC/USDT -t 1h --skip-broken "$T/bad.csv"
like "--skip-broken takes the good row" "$out" '1 added'

run orchctl candles gaps -m binance:BTC/USDT -t 1h
like "gaps are listed" "$out" '^2022-01-01T03:00:00.*Z +2022-01-01T04:00:00.*Z +1$'

# A day of minutes, made coarser.
awk 'BEGIN { print "time,open,high,low,close,volume"
	for (i = 0; i < 1441; i++)
		printf "%d,%.1f,%.1f,%.1f,%.1f,0.1\n", 1704067200 + i * 60,
			100 + i, 103 + i, 98 + i, 101 + i }' >"$T/m.csv"
run orchctl candles import -m demo:AAA/BBB "$T/m.csv"
like "minutes are seen as such" "$out" '^demo:AAA/BBB 1m: 1441 candles'
run orchctl candles resample -m demo:AAA/BBB --from-tf 1m --tf 1h
like "24 whole hours are made" "$out" '^demo:AAA/BBB 1h: 24 candles made of 1441 of 1m; 24 added'
run orchctl candles export -m demo:AAA/BBB -t 1h
is "with exact sums" "$(printf '%s\n' "$out" | sed -n 2p)" \
	"1704067200000,100,162,98,160,6"
run orchctl candles resample -m demo:AAA/BBB --from-tf 1h --tf 1m
is "finer ones cannot be made" "$rc" 64

run orchctl candles list
is "the list has all series" "$(printf '%s\n' "$out" | wc -l)" 3
like "with their counts" "$out" 'demo:AAA/BBB +1m .* 1441$'
run orchctl candles delete -m demo:AAA/BBB -t 1m
run orchctl candles list -m demo:AAA/BBB
is "a deleted series is gone" "$(printf '%s\n' "$out" | wc -l)" 1

for bad in "import x.csv" "import -m BTC/USDT x.csv" "import -m a:B/C -t 7m x.csv" \
	"import -m a:B/C" "import -m a:B/C --tick 0 $T/a.csv" "gaps -m demo:AAA/BBB" "frob"
do
	# shellcheck disable=SC2086
	run orchctl candles $bad
	is "usage error: candles $bad" "$rc" 64
done
run orchctl candles import -m a:B/C "$T/none.csv"
is "a missing file is an input error" "$rc" 74
run orchctl candles gaps -m demo:X/Y -t 1h
is "an unknown market is told" "$rc" 66

# An exchange that is not there, and words that make no sense: nothing is made.
env_set kraken_url http://127.0.0.1:1
run orchctl candles download -m kraken:BTC/USD -t 1h
is "an exchange that does not answer is an input error" "$rc" 74
like "and is named" "$(cat "$T/err")" 'kraken: '
run orchctl candles download -m mtgox:BTC/USD -t 1h
is "an exchange nobody speaks to" "$rc" 66
like "those there are are told" "$(cat "$T/err")" 'binance, coinbase, kraken, kucoin'
for bad in "-m kraken:BTC/USD" "-t 1h" "-m kraken -t 1h" "-m kraken:BTC/USD -t 7h" \
	"-m kraken:BTC/USD -t 2h"
do
	# shellcheck disable=SC2086
	run orchctl candles download $bad
	is "usage error: candles download $bad" "$rc" 64
done
is "no market came of it" \
	"$(sql 'SELECT COUNT(*) FROM orch.market m JOIN orch.exchange e ON e.id = m.exchange_id WHERE e.name = "kraken"')" 0

# The real files, where they are.
if [ -d "$data" ]; then
	for f in BTC:1d:1432 BTC:4h:8588 BTC:1h:34349 BTC:5m:65741 BTC:1m:61272 \
		ETH:1h:34349 ETH:5m:38059 SOL:5m:38060
	do
		coin=${f%%:*}; n=${f##*:}; tf=${f#*:}; tf=${tf%:*}
		set -- "$data/binance_${coin}_USDT-$tf"*.csv
		run orchctl candles import -m "real:$coin/USDT" "$1"
		like "$coin $tf: $n candles" "$out" "^real:$coin/USDT $tf: $n candles .* $n added"
		orchctl candles export -m "real:$coin/USDT" -t "$tf" >"$T/x.csv"
		is "$coin $tf comes out as it went in" "$(cksum <"$T/x.csv")" \
			"$(sed 's/\(\.[0-9]*[1-9]\)0*,/\1,/g; s/\.0*,/,/g; s/\.0*$//' "$1" | tr -d '\r' | cksum)"
	done
else
	[ -z "${CI:-}" ] || tap 1 "shared data is there"
	echo "ok $((tap_n += 1)) - real files # SKIP $data is absent"
fi
like "the invariants of checks.sql hold" "$(orchctl doctor 2>&1)" \
	'data: [1-9][0-9]* invariants hold'
done_testing
