noinst_LIBRARIES += %D%/libapi.a
%C%_libapi_a_SOURCES = \
	%D%/access.c \
	%D%/answer.c \
	%D%/api.h %D%/api_i.h \
	%D%/areas.c %D%/areas.h \
	%D%/create.c \
	%D%/cursor.c \
	%D%/bot_api_i.h \
	%D%/backtest_api_i.h \
	%D%/h_auth.c \
	%D%/h_sweep.c %D%/h_sweep_data.c %D%/sweep_api_i.h \
	%D%/run_parts.c %D%/run_api_i.h \
	%D%/h_backtest.c %D%/h_backtest_data.c \
	%D%/h_bot.c %D%/h_bot_data.c \
	%D%/h_dash.c \
	%D%/h_logs.c \
	%D%/h_market.c \
	%D%/h_model.c %D%/h_model_data.c %D%/h_predict.c %D%/model_api_i.h \
	%D%/h_monitor.c \
	%D%/h_preview.c \
	%D%/h_strategy.c \
	%D%/h_system.c \
	%D%/handle.c \
	%D%/keep.c \
	%D%/limit.c \
	%D%/openapi.c \
	%D%/origin.c \
	%D%/param.c %D%/param.h \
	%D%/problem.c \
	%D%/route.c %D%/route.h \
	%D%/schema.c %D%/schema.h \
	%D%/strategy_api_i.h
LIB_API = %D%/libapi.a $(LIB_OPS)

# Printed by orchctl openapi and committed; tests/lint/generated.sh.
EXTRA_DIST += doc/openapi.json
