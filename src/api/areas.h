/* areas.h - X(area): each is a file h_<area>.c with its routes.
 * No include guard: it is included once for each use of the table. */
X(system)
X(auth)
X(logs)
X(monitor)
X(strategy)
X(preview)
X(market)
X(backtest)
X(backtest_data)
X(bot)
X(bot_data)
X(dash)
