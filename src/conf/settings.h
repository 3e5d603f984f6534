/* settings.h - every setting of the program, once.  No include guard: a file
 * that wants the table defines GROUP and X and includes this.
 *
 *	GROUP(id, title)
 *	X(name, type, lowest, highest, default, words, help)
 *
 * Types: INT; SECS (a duration: 30, 90s, 5m, 2h, 7d; kept in seconds); BYTES
 * (512, 256K, 1M); BOOL; ENUM (one of `words`, kept as its number from 0);
 * TEXT (lowest and highest length); SECRET (a TEXT never shown, or @FILE to
 * read it from); PATH (relative ones start at state_dir); LIST (of texts,
 * commas between; at most `highest`).  An INT or BOOL whose words are "auto"
 * takes that word too; conf.c, resolve(), says what it comes to.
 *
 * A new line here needs: a reader in src (tests/lint/settings.sh looks for
 * one), a test of its effect, and `make update-docs` for the manual page and
 * the example file. */

GROUP(PERF, "Performance and service")
X(workers, INT, 1, 256, "auto", "auto",
  "Processes that answer API requests.  auto: four for each processor.")
X(max_connections, INT, 16, 65536, "1000", NULL,
  "Connections that nginx holds open at once, and requests that may wait for "
  "a worker.")
X(keepalive_timeout, SECS, 0, 3600, "65", NULL,
  "How long nginx keeps an idle connection of a browser.")
X(request_timeout, SECS, 1, 600, "30", NULL,
  "A request that takes longer is ended together with its worker, and "
  "answered 504.")
X(cache_ttl, SECS, 0, 86400, "300", NULL,
  "How long an answer may be served from the cache.  0: no cache.")
X(cache_max_size, INT, 0, 1000000, "1000", NULL,
  "Entries in the cache that the processes of a host share.  0: no cache.")
X(cache_entry_max, BYTES, 256, 4194304, "16K", NULL,
  "A larger answer is not cached.  cache_max_size times this is reserved "
  "as address space; memory is used as entries come.")
X(redis_url, TEXT, 0, 500, "", NULL,
  "Cache and live events shared between hosts: redis://user:password@host:"
  "port/db or unix:///path?db=0.  Empty: this host only.")
X(redis_pool_size, INT, 1, 1000, "10", NULL,
  "Connections to Redis that the processes of a host open at most, in all.")
X(db_timeout, SECS, 1, 600, "30", NULL,
  "Time limit for connecting to the database and for each answer of it.")
X(db_recycle, SECS, 10, 86400, "3600", NULL,
  "A database connection older than this is replaced between two requests.")
X(db_ping_idle, SECS, 0, 86400, "60", NULL,
  "A database connection idle for longer is tried before it is used.")
X(rate_limit_per_minute, INT, 1, 1000000, "60", NULL,
  "Requests that one user, or one address without a user, may make a minute.")
X(rate_limit_burst, INT, 1, 1000000, "100", NULL,
  "Requests that may come at once before the limit is felt.")
X(live_ping_interval, SECS, 1, 3600, "20", NULL,
  "The live channel asks a silent browser after this time whether it is there.")
X(live_ping_timeout, SECS, 1, 3600, "10", NULL,
  "A browser that does not answer within this time is disconnected.")
X(live_max_message, BYTES, 1024, 16777216, "1M", NULL,
  "The largest message that the live channel takes from a browser, and the "
  "most that may wait for a slow one.")
X(enable_prometheus, BOOL, 0, 1, "true", NULL,
  "Serve /metrics in the text format of Prometheus.")
X(enable_sentry, BOOL, 0, 1, "auto", "auto",
  "Send reports of errors to sentry_dsn.  auto: in production, when "
  "sentry_dsn is set.")
X(sentry_dsn, SECRET, 0, 500, "", NULL,
  "Where reports of errors go: https://key@host/project.")
X(log_level, ENUM, 0, 4, "auto", "debug|info|warn|error|auto",
  "The least important lines that are logged.  auto: debug in development, "
  "info in production.")
X(log_format, ENUM, 0, 2, "auto", "text|json|auto",
  "How lines are logged where the journal does not take them.  auto: text in "
  "development, JSON in production.")

GROUP(SERVER, "Server")
X(env, ENUM, 0, 1, "production", "development|production",
  "development shows the details of errors to clients and logs at debug; "
  "production hides them, logs at info and reports errors.")
X(state_dir, PATH, 1, 4000, "/var/lib/orch", NULL,
  "Where everything is kept that must outlive a restart.  The environment "
  "variable ORCH_STATE, when set, is the default.")
X(run_dir, PATH, 1, 90, "run", NULL,
  "Where sockets and process ids are.")
X(listen_address, TEXT, 1, 100, "127.0.0.1", NULL,
  "The address on which nginx listens.")
X(port, INT, 1, 65535, "8080", NULL,
  "The port on which nginx listens.")
X(server_name, LIST, 0, 64, "", NULL,
  "Host names under which browsers reach the page; a request for another is "
  "not answered.  Empty: localhost, the host's own name and listen_address; "
  "any, when that is 0.0.0.0 or ::.")
X(tls_certificate, PATH, 0, 4000, "", NULL,
  "Certificate chain (PEM).  With tls_key, nginx speaks HTTPS only.")
X(tls_key, PATH, 0, 4000, "", NULL,
  "Its private key (PEM).")
X(web_root, PATH, 0, 4000, "", NULL,
  "Directory of the browser client.  Empty: the installed one.")
X(max_body, BYTES, 1024, 67108864, "256K", NULL,
  "The largest body of a request that nginx lets through.")
X(cors_origins, LIST, 0, 64, "", NULL,
  "Other origins whose pages may call the API: https://example.org.")
X(metrics_allow, LIST, 0, 64, "127.0.0.0/8, ::1", NULL,
  "Addresses and networks (CIDR) that may read /metrics.")

GROUP(DATABASE, "Database")
X(db_socket, PATH, 0, 107, "", NULL,
  "Unix socket of the database.  Empty: mariadb.sock in run_dir, unless "
  "db_host is set.")
X(db_host, TEXT, 0, 255, "", NULL,
  "Host of a database reached by TCP.")
X(db_port, INT, 1, 65535, "3306", NULL,
  "Its port.")
X(db_name, TEXT, 1, 64, "orch", NULL,
  "Name of the database.")
X(db_user, TEXT, 0, 80, "", NULL,
  "Its user.  Empty: the system user that the process runs as.")
X(db_password, SECRET, 0, 500, "", NULL,
  "The password.  Empty: the server knows the user by the unix socket.")

GROUP(ACCESS, "Sign-in and limits")
X(session_idle, SECS, 60, 604800, "30m", NULL,
  "A session ends when it was not used for so long.")
X(session_absolute, SECS, 300, 31536000, "7d", NULL,
  "A session ends after this time in any case.")
X(cookie_secure, ENUM, 0, 2, "auto", "auto|always|never",
  "Whether the session cookie is sent over HTTPS only.  auto: yes, except on "
  "http://localhost.")
X(login_per_minute, INT, 1, 10000, "10", NULL,
  "Attempts to sign in that one address may make a minute.")
X(client_log_per_minute, INT, 1, 100000, "120", NULL,
  "Error reports that the browsers of one user may send a minute.")

GROUP(TRADING, "Trading")
X(runners, INT, 1, 64, "1", NULL,
  "Processes that run bots.")
X(jobs, INT, 1, 64, "1", NULL,
  "Processes that work on backtests and other long jobs.")
X(lease_time, SECS, 5, 600, "15s", NULL,
  "A runner that was not heard of for so long loses its bots to another one.")
X(sim_seed, INT, 0, 9007199254740991, "1", NULL,
  "The demo market's random numbers start here: the same seed, the same "
  "prices.")

X(binance_url, TEXT, 8, 200, "https://api.binance.com", NULL,
  "Where Binance is asked for symbols and candles.  (Its mirror for market "
  "data alone: https://data-api.binance.vision)")
X(coinbase_url, TEXT, 8, 200, "https://api.coinbase.com", NULL,
  "Where Coinbase Advanced Trade is asked for symbols and candles.")
X(kraken_url, TEXT, 8, 200, "https://api.kraken.com", NULL,
  "Where Kraken is asked for symbols, candles and trades.")
X(kucoin_url, TEXT, 8, 200, "https://api.kucoin.com", NULL,
  "Where KuCoin is asked for symbols and candles.")

GROUP(BACKTEST, "Backtests")
X(backtest_max_candles, INT, 1000, 20000000, "2000000", NULL,
  "The most candles that one stored backtest may run over.")
X(backtest_queue, INT, 1, 1000, "20", NULL,
  "Backtests that one user may have waiting or running.")
X(backtest_keep, SECS, 0, 315360000, "90d", NULL,
  "A backtest that ended so long ago is removed, unless it has notes or tags.  "
  "0: never.")

GROUP(MODELS, "Models")
X(model_dir, PATH, 1, 4000, "models", NULL,
  "Where files of models are kept at hand.  The database has them all; what is "
  "missing here is fetched again.")
X(model_queue, INT, 1, 1000, "10", NULL,
  "Models that one user may have waiting or in training.")
X(model_max_age, SECS, 0, 315360000, "365d", NULL,
  "A model that was trained so long ago is stale: it is not asked any more, and "
  "a bot that uses it holds.  0: never.")
