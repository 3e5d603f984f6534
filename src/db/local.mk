noinst_LIBRARIES += %D%/libdb.a
%C%_libdb_a_SOURCES = \
	%D%/checks.c \
	%D%/conn.c \
	%D%/db.h %D%/db_i.h \
	%D%/many.c \
	%D%/migrate.c %D%/migrate.h \
	%D%/split.c \
	%D%/stmt.c \
	%D%/stmts.h %D%/stmt_auth.h %D%/stmt_backtest.h %D%/stmt_core.h \
	%D%/stmt_market.h %D%/stmt_ops.h %D%/stmt_paper.h %D%/stmt_script.h \
	%D%/stmt_sweep.h %D%/stmt_model.h %D%/stmt_trade.h \
	%D%/tx.c \
	%D%/value.c
LIB_DB = %D%/libdb.a $(LIB_PROC)

# The schema that this program needs is the newest in sql/.
BUILT_SOURCES += schema_version.h
CLEANFILES += schema_version.h
schema_version.h: $(dist_sql_DATA)
	$(AM_V_GEN)for f in $(dist_sql_DATA); do echo "$$f"; done | \
	  sed -n 's,^.*/0*\([1-9][0-9]*\)-[^/]*$$,#define SCHEMA_VERSION \1,p' | \
	  LC_ALL=C sort -k3n | tail -n 1 >$@.new && mv $@.new $@
