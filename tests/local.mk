# Unit tests speak TAP; automake's driver reports every case by name.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
TEST_EXTENSIONS = .sh
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	top_srcdir='$(top_srcdir)'; export top_srcdir; \
	top_builddir='$(top_builddir)'; export top_builddir;
AM_CPPFLAGS += -I$(srcdir)/tests/support $(CMOCKA_CFLAGS)
EXTRA_DIST += %D%/support/t_money.h %D%/support/test.h %D%/support/t_db.h
EXTRA_DIST += %D%/support/t_script.h %D%/support/t_market.h %D%/support/t_models.h %D%/support/t_scene.h
EXTRA_DIST += %D%/support/t_script.h %D%/script
EXTRA_DIST += %D%/support/test.h %D%/support/t_shared.h \
	%D%/golden/reference/bollinger.pine %D%/golden/reference/macd.pine \
	%D%/golden/reference/rsi.pine %D%/golden/reference/supertrend.pine %D%/support/t_db.h %D%/support/t_env.h
dist_check_SCRIPTS += %D%/support/mariadb.sh

# A program without a _SOURCES line is made of the .c file of its name and
# linked with everything; --as-needed drops what it does not use.
LDADD = %D%/support/libtest.a $(LIB_LIVE) $(CMOCKA_LIBS) $(ORCH_LIBS)

# db_tests bring their own private MariaDB (support/t_db.h), or skip.
unit_tests =
fault_tests =
db_tests =
unit_tests += %D%/unit/test_api_handle
unit_tests += %D%/unit/test_api_openapi
unit_tests += %D%/unit/test_api_param
unit_tests += %D%/unit/test_api_route
unit_tests += %D%/unit/test_arena
unit_tests += %D%/unit/test_bt_overfit %D%/unit/test_bt_opt
unit_tests += %D%/unit/test_bt_carry %D%/unit/test_bt_record
unit_tests += %D%/unit/test_bt_overfit
unit_tests += %D%/unit/test_bt_html %D%/unit/test_bt_pack %D%/unit/test_bt_record
unit_tests += %D%/unit/test_bt_emu %D%/unit/test_bt_ft %D%/unit/test_bt_reference %D%/unit/test_market_table
unit_tests += %D%/unit/test_bt_emu %D%/unit/test_bt_ft %D%/unit/test_bt_quiet %D%/unit/test_bt_risk %D%/unit/test_bt_reference %D%/unit/test_market_table
unit_tests += %D%/unit/test_bt_emu %D%/unit/test_bt_ft %D%/unit/test_bt_again %D%/unit/test_bt_quiet %D%/unit/test_bt_freqtrade %D%/unit/test_bt_portfolio %D%/unit/test_bt_scenes %D%/unit/test_bt_strict %D%/unit/test_bt_check %D%/unit/test_bt_reference %D%/unit/test_market_table
unit_tests += %D%/unit/test_bt_emu %D%/unit/test_bt_ft %D%/unit/test_bt_quiet %D%/unit/test_bt_freqtrade %D%/unit/test_bt_portfolio %D%/unit/test_bt_scenes %D%/unit/test_bt_strict %D%/unit/test_bt_check %D%/unit/test_bt_reference %D%/unit/test_market_table
# The networks' own sources, computing in double.
unit_tests += %D%/unit/test_ml_grad
%C%_unit_test_ml_grad_SOURCES = %D%/unit/test_ml_grad.c \
	src/ml/kern.c src/ml/kern_portable.c src/ml/layer.c \
	src/ml/layer_attn.c src/ml/layer_conv.c src/ml/layer_rnn.c \
	src/ml/net.c src/ml/net_fit.c src/ml/net_layout.c src/ml/net_run.c \
	src/ml/optim.c
%C%_unit_test_ml_grad_CPPFLAGS = $(AM_CPPFLAGS) -DML_REAL_DOUBLE
unit_tests += %D%/unit/test_ml_kern
unit_tests += %D%/unit/test_bt_emu %D%/unit/test_bt_ft %D%/unit/test_bt_quick %D%/unit/test_bt_quiet %D%/unit/test_bt_risk %D%/unit/test_bt_reference %D%/unit/test_market_table
unit_tests += %D%/unit/test_bt_emu %D%/unit/test_bt_ft %D%/unit/test_bt_quick %D%/unit/test_bt_quiet %D%/unit/test_bt_freqtrade %D%/unit/test_bt_portfolio %D%/unit/test_bt_scenes %D%/unit/test_bt_strict %D%/unit/test_bt_check %D%/unit/test_bt_reference %D%/unit/test_market_table
unit_tests += %D%/unit/test_ml_kern %D%/unit/test_ml_net %D%/unit/test_ml_soak
unit_tests += %D%/unit/test_ml_golden
EXTRA_DIST += %D%/golden/make_networks.py %D%/golden/networks.txt
EXTRA_DIST += %D%/support/t_net.h
unit_tests += %D%/unit/test_market_block
unit_tests += %D%/unit/test_market_candles
unit_tests += %D%/unit/test_market_dec
unit_tests += %D%/unit/test_market_import
unit_tests += %D%/unit/test_market_tf
unit_tests += %D%/unit/test_xchg_sim
unit_tests += %D%/unit/test_fcgi_serve
unit_tests += %D%/unit/test_xchg_quotes
unit_tests += %D%/unit/test_fcgi_text
unit_tests += %D%/unit/test_http_client
unit_tests += %D%/unit/test_live_access
unit_tests += %D%/unit/test_live_hub
unit_tests += %D%/unit/test_ops_allow
unit_tests += %D%/unit/test_ops_metrics
unit_tests += %D%/unit/test_proc_board
unit_tests += %D%/unit/test_proc_rate
unit_tests += %D%/unit/test_proc_super
unit_tests += %D%/unit/test_cache
unit_tests += %D%/unit/test_clock
unit_tests += %D%/unit/test_conf
unit_tests += %D%/unit/test_conf_settings
unit_tests += %D%/unit/test_ctl
unit_tests += %D%/unit/test_err
unit_tests += %D%/unit/test_prog_template
%C%_unit_test_prog_template_SOURCES = %D%/unit/test_prog_template.c \
	src/prog/template.c
unit_tests += %D%/unit/test_ml_boost
unit_tests += %D%/unit/test_ml_lies
unit_tests += %D%/unit/test_ml_trees_sum
unit_tests += %D%/unit/test_ml_ensemble
unit_tests += %D%/unit/test_ml_q
unit_tests += %D%/unit/test_ml_linear
EXTRA_DIST += %D%/golden/make_linear.py %D%/golden/linear.csv
unit_tests += %D%/unit/test_ml_forest
unit_tests += %D%/unit/test_ml_xgb
EXTRA_DIST += %D%/golden/make_xgboost.py %D%/golden/xgboost
EXTRA_DIST += %D%/support/t_samples.h
unit_tests += %D%/unit/test_ml_eval
EXTRA_DIST += %D%/golden/make_ml.py %D%/golden/ml.txt
unit_tests += %D%/unit/test_ml_feature %D%/unit/test_ml_train
unit_tests += %D%/unit/test_ml_file
unit_tests += %D%/unit/test_ml_split
unit_tests += %D%/unit/test_ind
unit_tests += %D%/unit/test_ind_golden
EXTRA_DIST += %D%/golden/make_indicators.py %D%/golden/indicators.csv
unit_tests += %D%/unit/test_ind_shape
unit_tests += %D%/unit/test_ind_volume
unit_tests += %D%/unit/test_ind_window
unit_tests += %D%/unit/test_script_check
unit_tests += %D%/unit/test_script_library
unit_tests += %D%/unit/test_script_model
unit_tests += %D%/unit/test_script_names
unit_tests += %D%/unit/test_script_series
unit_tests += %D%/unit/test_script_stream %D%/unit/test_script_again %D%/unit/test_script_newer %D%/unit/test_script_regex
unit_tests += %D%/unit/test_script_run
unit_tests += %D%/unit/test_script_security
unit_tests += %D%/unit/test_json_malloc
unit_tests += %D%/unit/test_json_read
unit_tests += %D%/unit/test_json_write
unit_tests += %D%/unit/test_log
unit_tests += %D%/unit/test_map
unit_tests += %D%/unit/test_money
unit_tests += %D%/unit/test_money_golden
EXTRA_DIST += %D%/golden/make_freqtrade.py %D%/golden/freqtrade
EXTRA_DIST += %D%/golden/make_money.py %D%/golden/money.csv
unit_tests += %D%/unit/test_rand
unit_tests += %D%/unit/test_sbuf
unit_tests += %D%/unit/test_str
fault_tests += %D%/fault/test_api_faults
fault_tests += %D%/fault/test_bot_faults
fault_tests += %D%/fault/test_fault
fault_tests += %D%/fault/test_ml_faults
unit_tests += %D%/unit/test_bot_verify
unit_tests += %D%/unit/test_order_acct
unit_tests += %D%/unit/test_order_intent
unit_tests += %D%/unit/test_risk
unit_tests += %D%/unit/test_xchg_match
db_tests += %D%/db/test_api_market
db_tests += %D%/db/test_api_backtest
%C%_db_test_api_backtest_SOURCES = %D%/db/test_api_backtest.c $(job_sources)
db_tests += %D%/db/test_api_sweep
%C%_db_test_api_sweep_SOURCES = %D%/db/test_api_sweep.c $(job_sources)
db_tests += %D%/db/test_api_model
%C%_db_test_api_model_SOURCES = %D%/db/test_api_model.c $(job_sources)
db_tests += %D%/db/test_api_preview
db_tests += %D%/db/test_api_strategy
db_tests += %D%/db/test_market_store
db_tests += %D%/db/test_xchg_feed
db_tests += %D%/db/test_xchg_feed_proc
db_tests += %D%/db/test_xchg_public
db_tests += %D%/db/test_api_db
db_tests += %D%/db/test_bot_model
db_tests += %D%/db/test_bot_life
db_tests += %D%/db/test_bot_run
db_tests += %D%/db/test_t_db
db_tests += %D%/db/test_schema
db_tests += %D%/db/test_auth
db_tests += %D%/db/test_migrate
unit_tests += %D%/unit/test_db_stmts
unit_tests += %D%/unit/test_auth_rules
unit_tests += %D%/unit/test_sql_split

# Brings a redis-server of its own, or skips.
db_tests += %D%/redis/test_cache_redis

# Tests of the db module itself run it on statements of their own.
own_stmts_cppflags = $(AM_CPPFLAGS) -I$(srcdir)/%D%/db \
	-DDB_STMTS='"t_stmts.h"'
own_stmts_ldadd = %D%/support/libtest.a %D%/db/libdbtest.a $(LIB_LIVE) \
	$(CMOCKA_LIBS) $(ORCH_LIBS)
EXTRA_DIST += %D%/db/t_stmts.h
db_tests += %D%/db/test_ops
db_tests += %D%/db/test_db
%C%_db_test_db_CPPFLAGS = $(own_stmts_cppflags)
%C%_db_test_db_LDADD = $(own_stmts_ldadd)
db_tests += %D%/db/test_db_loss
%C%_db_test_db_loss_CPPFLAGS = $(own_stmts_cppflags)
%C%_db_test_db_loss_LDADD = $(own_stmts_ldadd)

if HAVE_CMOCKA
check_LIBRARIES += %D%/support/libtest.a %D%/db/libdbtest.a
%C%_db_libdbtest_a_SOURCES = src/db/checks.c src/db/conn.c \
	src/db/many.c src/db/migrate.c src/db/split.c src/db/stmt.c \
	src/db/tx.c src/db/value.c
%C%_db_libdbtest_a_CPPFLAGS = $(own_stmts_cppflags)
%C%_support_libtest_a_SOURCES = %D%/support/t_db.c \
	%D%/support/t_bot.c %D%/support/t_bot.h \
	%D%/support/t_fcgi.c %D%/support/t_fcgi.h \
	%D%/support/t_api.c %D%/support/t_api.h \
	%D%/support/t_http.c %D%/support/t_http.h
check_PROGRAMS += $(unit_tests) $(db_tests)
# Benches print figures; nothing runs them by itself.
check_PROGRAMS += %D%/bench/bench_candles
check_PROGRAMS += %D%/bench/bench_script
# The longest first: the others run beside it.
if FAULTS
check_PROGRAMS += $(fault_tests)
TESTS += $(fault_tests)
endif
TESTS += $(unit_tests) $(db_tests)
endif

# Source tests: they compile nothing and run in a second.
TESTS += %D%/unit/ctl_optimize.sh
dist_check_SCRIPTS += %D%/unit/ctl_optimize.sh
TESTS += %D%/unit/ctl_strategy.sh %D%/unit/ctl_backtest.sh %D%/unit/ctl_backtest_model.sh %D%/unit/ctl_backtest_rules.sh %D%/unit/ctl_corpus.sh
dist_check_SCRIPTS += %D%/unit/ctl_strategy.sh %D%/unit/ctl_backtest.sh %D%/unit/ctl_backtest_model.sh %D%/unit/ctl_backtest_rules.sh %D%/unit/ctl_corpus.sh
TESTS += %D%/unit/ctl_indicator.sh
TESTS += %D%/unit/ctl_ml.sh
EXTRA_DIST += %D%/bits/bits.c
dist_check_SCRIPTS += %D%/bits/bits.sh
dist_check_SCRIPTS += %D%/unit/ctl_indicator.sh
dist_check_SCRIPTS += %D%/unit/ctl_ml.sh
TESTS += %D%/lint/source.sh %D%/lint/ceilings.sh
dist_check_SCRIPTS += %D%/lint/source.sh %D%/lint/ceilings.sh
TESTS += %D%/lint/generated.sh %D%/lint/settings.sh
dist_check_SCRIPTS += %D%/lint/generated.sh %D%/lint/settings.sh

.PHONY: check-valgrind coverage
check-valgrind: $(check_PROGRAMS)
	@for t in $(unit_tests); do \
	  $(VALGRIND) -q --error-exitcode=1 --leak-check=full ./$$t >/dev/null || exit 1; \
	  echo "VALGRIND ok $$t"; done
if COVERAGE
coverage: check
	gcovr -r $(top_srcdir) --exclude '(.*/)?tests/' --print-summary $(top_builddir)
endif
clean-local:
	-rm -rf %D%/integ/template
	-find . -name '*.gcda' -o -name '*.gcno' | xargs rm -f

include tests/fuzz/local.mk
include tests/integ/local.mk
include tests/bench/local.mk
