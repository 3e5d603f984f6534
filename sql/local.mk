# Migrations, applied in the order of their numbers by orchctl migrate, and the
# invariants that orchctl doctor asks.
sqldir = $(pkgdatadir)/sql
dist_sql_DATA =
dist_sql_DATA += sql/0001-identity.sql
dist_sql_DATA += sql/0002-market.sql
dist_sql_DATA += sql/0003-strategy.sql
dist_sql_DATA += sql/0005-trade.sql
dist_sql_DATA += sql/0004-ops.sql
dist_sql_DATA += sql/0006-backtest.sql
dist_sql_DATA += sql/0007-sweep.sql
dist_sql_DATA += sql/0008-engine.sql
dist_sql_DATA += sql/0009-model.sql
dist_sql_DATA += sql/0010-funding.sql
dist_sql_DATA += sql/checks.sql
