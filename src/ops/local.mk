noinst_LIBRARIES += %D%/libops.a
%C%_libops_a_SOURCES = \
	%D%/allow.c \
	%D%/applog.c \
	%D%/dbhooks.c \
	%D%/job.c %D%/job.h \
	%D%/metrics.c \
	%D%/monitor.c \
	%D%/ops.h %D%/ops_i.h \
	%D%/report.c \
	%D%/usage.c
LIB_OPS = %D%/libops.a $(LIB_BOT)
