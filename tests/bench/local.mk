# Benchmarks print JSON lines and never fail; README.md says how to read them.
# `make bench`: those that need no server; bench-web and bench-live do.
.PHONY: bench
bench_alone = %D%/bench_bt %D%/bench_tick %D%/bench_ind %D%/bench_script %D%/bench_candles %D%/bench_ml
bench: $(bench_alone)
	@for b in $(bench_alone); do ./$$b || exit 1; done
check_PROGRAMS += %D%/bench_fcgi
%C%_bench_fcgi_SOURCES = %D%/bench_fcgi.c src/db/conn.c src/db/many.c \
	src/db/stmt.c src/db/tx.c src/db/value.c
%C%_bench_fcgi_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/%D% \
	-DDB_STMTS='"bench_stmts.h"'
%C%_bench_fcgi_LDADD = $(LIB_LIVE) $(ORCH_LIBS)
EXTRA_DIST += %D%/bench_stmts.h
check_PROGRAMS += %D%/bench_live
%C%_bench_live_SOURCES = %D%/bench_live.c tests/support/t_ws.c
%C%_bench_live_LDADD = $(LIB_LIVE) $(ORCH_LIBS)
dist_check_SCRIPTS += %D%/web.sh %D%/live.sh

.PHONY: bench-web bench-live
bench-live: all %D%/bench_live
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' \
		$(SHELL) $(top_srcdir)/tests/bench/live.sh
bench-web: %D%/bench_fcgi
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' \
		$(SHELL) $(top_srcdir)/tests/bench/web.sh

check_PROGRAMS += %D%/bench_auth
.PHONY: bench-auth
bench-auth: %D%/bench_auth
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' ./%D%/bench_auth

check_PROGRAMS += %D%/bench_bt
%C%_bench_bt_SOURCES = %D%/bench_bt.c
%C%_bench_bt_LDADD = $(LIB_LIVE) $(ORCH_LIBS)
check_PROGRAMS += %D%/bench_tick
%C%_bench_tick_SOURCES = %D%/bench_tick.c
%C%_bench_tick_LDADD = $(LIB_LIVE) $(ORCH_LIBS)
check_PROGRAMS += %D%/bench_ind
%C%_bench_ind_SOURCES = %D%/bench_ind.c
%C%_bench_ind_LDADD = $(LIB_LIVE) $(ORCH_LIBS)
check_PROGRAMS += %D%/bench_ml
%C%_bench_ml_SOURCES = %D%/bench_ml.c
%C%_bench_ml_LDADD = $(LIB_LIVE) $(ORCH_LIBS)
dist_check_SCRIPTS += %D%/peers_ml.py
dist_check_SCRIPTS += %D%/peers_bt.py %D%/peers_ind.py
EXTRA_DIST += %D%/README.md
check_PROGRAMS += %D%/bench_ml_trees
%C%_bench_ml_trees_SOURCES = %D%/bench_ml_trees.c
%C%_bench_ml_trees_LDADD = $(LIB_LIVE) $(ORCH_LIBS)
dist_check_SCRIPTS += %D%/peers_trees.py
