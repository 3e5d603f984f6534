# Candles that orchctl imported, through nginx and a worker.
--- there are no markets of an exchange that nobody knows
GET /api/v1/markets?exchange=nowhere as vera
<<< 200
.items == [] and .next == null

--- an imported file is a market with candles
run> { echo time,open,high,low,close,volume; echo 1640995200,46216.93,46731.39,46208.37,46656.13,1503.33095; echo 1640998800,46656.14,46949.99,46574.06,46778.14,943.81539; echo 1641006000,46778.15,46916.63,46731.95,46811.77,635.95391; } >"$T/api.csv"
run> orchctl candles import --quiet --market t60:BTC/USDT "$T/api.csv"
run> sleep 2.1
GET /api/v1/markets?exchange=t60&q=btc as vera
<<< 200
.items[0].symbol == "BTC/USDT" and .items[0].tick == "0.01" and .items[0].lot == "0.00001"
.items[0].timeframes == [{"tf":"1h","from":1640995200000,"to":1641006000000,"count":3}]
save market .items[0].id
GET /api/v1/exchanges as vera
<<< 200
.items[] | select(.name == "t60") | .kind == "import" and .markets == 1

--- candles are columns of numbers; gaps stay gaps
GET /api/v1/markets/${market}/candles?tf=1h as vera
<<< 200
.t == [1640995200000,1640998800000,1641006000000]
.o == [46216.93,46656.14,46778.15] and .v[2] == 635.95391
head Cache-Control ~ private
GET /api/v1/markets/${market}/candles?tf=1h&from=1640998800000&to=1641006000000 as vera
<<< 200
.t == [1640998800000]
GET /api/v1/markets/${market}/candles?tf=2h as vera
<<< 200
.t == [1640995200000,1641002400000] and .h == [46949.99,46916.63]
.v == [2447.14634,635.95391]

--- without quotes the ticker is the newest close
GET /api/v1/markets/${market}/ticker as vera
<<< 200
.last == "46811.77" and .bid == null and .time == 1641009600000
GET /api/v1/markets/${market}/book as vera
<<< 404

--- what is not there or not allowed is told
GET /api/v1/markets/999999/candles as vera
<<< 404
GET /api/v1/markets/${market}/candles?tf=10m as vera
<<< 400
.errors[0].field == "tf"
GET /api/v1/markets/${market}/candles?limit=5001 as vera
<<< 400
GET /api/v1/markets as nobody
<<< 401
