# Integration tests in shell: the real mariadbd, nginx and programs, and other
# compilers; `make check-integ`.  Each has servers and folders of its own.
integ_scripts =
integ_scripts += %D%/00-env.sh
integ_scripts += %D%/05-orchctl-db.sh
integ_scripts += %D%/10-api.sh
integ_scripts += %D%/11-limits.sh
integ_scripts += %D%/10-nginx.sh
integ_scripts += %D%/20-candles.sh
integ_scripts += %D%/21-demo.sh
integ_scripts += %D%/12-metrics.sh
integ_scripts += %D%/15-workers.sh
integ_scripts += %D%/30-live.sh
integ_scripts += %D%/61-bot-main.sh
integ_scripts += %D%/66-bot-is-backtest.sh
integ_scripts += %D%/67-backtest-save.sh
integ_scripts += %D%/68-models.sh

dist_check_SCRIPTS += $(integ_scripts)
EXTRA_DIST += %D%/env.sh %D%/t.sh
# Texts that 10-api.sh plays, see t.sh.
EXTRA_DIST += \
	%D%/10-system.t \
	%D%/20-auth.t \
	%D%/30-input.t \
	%D%/40-idempotency.t \
	%D%/50-logs.t \
	%D%/60-bots.t \
	%D%/60-market.t \
	%D%/65-bot-life.t \
	%D%/66-backtest.t
EXTRA_DIST += %D%/verify/brackets.pine %D%/verify/at_close.pine
# Holds answers to the schema of their operation.
check_PROGRAMS += %D%/fits
%C%_fits_LDADD = $(LIB_LIVE) $(ORCH_LIBS)
# A page at the live channel.
check_PROGRAMS += %D%/live_client
%C%_live_client_SOURCES = %D%/live_client.c tests/support/t_ws.c \
	tests/support/t_ws.h
%C%_live_client_LDADD = $(LIB_LIVE) $(ORCH_LIBS)

.PHONY: check-integ
check-integ: all %D%/fits %D%/live_client tests/bench/bench_fcgi
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='tests/bits/bits.sh $(integ_scripts)'
