# orchctl: a subcommand is a line in ctl_list.h and a file here.
bin_PROGRAMS += %D%/orchctl
%C%_orchctl_SOURCES = \
	%D%/orchctl.c \
	%D%/ctl.c %D%/ctl.h \
	%D%/ctl_candles.c %D%/ctl_download.c %D%/ctl_download.h \
	%D%/ctl_backtest.c %D%/ctl_bt.h %D%/ctl_bt_ft.c \
	%D%/ctl_bars.c %D%/ctl_bars.h \
	%D%/ctl_named.c %D%/ctl_named.h %D%/ctl_save.c \
	%D%/ctl_bot.c \
	%D%/ctl_config.c \
	%D%/ctl_demo.c \
	%D%/demo_bot.c %D%/demo_bot.h \
	%D%/ctl_doctor.c \
	%D%/ctl_migrate.c \
	%D%/ctl_user.c \
	%D%/ctl_indicator.c \
	%D%/ctl_ml.c %D%/ctl_ml.h %D%/ctl_ml_file.c %D%/ctl_ml_registry.c %D%/ctl_ml_train.c \
	%D%/ctl_strategy.c \
	%D%/ctl_list.h \
	%D%/ctl_nginx.c \
	%D%/ctl_openapi.c \
	%D%/ctl_optimize.c %D%/opt_pool.c %D%/opt_pool.h \
	%D%/template.c %D%/template.h
%C%_orchctl_LDADD = $(LIB_LIVE) $(ORCH_LIBS)

LIB_PROG = $(LIB_LIVE)

sbin_PROGRAMS += %D%/orch-api
%C%_orch_api_SOURCES = %D%/orch-api.c %D%/daemon.c %D%/daemon.h
%C%_orch_api_LDADD = $(LIB_LIVE) $(ORCH_LIBS)

sbin_PROGRAMS += %D%/orch-live
%C%_orch_live_SOURCES = %D%/orch-live.c %D%/daemon.c %D%/daemon.h
%C%_orch_live_LDADD = $(LIB_LIVE) $(ORCH_LIBS)
sbin_PROGRAMS += %D%/orch-run
# The jobs; tests run them too.
job_sources = %D%/job_backtest.c %D%/job_model.c %D%/job_model.h \
	%D%/job_model_watch.c %D%/job_sweep.c %D%/jobs.c %D%/jobs.h
%C%_orch_run_SOURCES = %D%/orch-run.c %D%/daemon.c %D%/daemon.h $(job_sources)
%C%_orch_run_LDADD = $(LIB_LIVE) $(ORCH_LIBS)
