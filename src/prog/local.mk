# orchctl: a subcommand is a line in ctl_list.h and a file here.
bin_PROGRAMS += %D%/orchctl
%C%_orchctl_SOURCES = \
	%D%/orchctl.c \
	%D%/ctl.c %D%/ctl.h \
	%D%/ctl_config.c \
	%D%/ctl_doctor.c \
	%D%/ctl_migrate.c \
	%D%/ctl_list.h
%C%_orchctl_LDADD = $(LIB_LIVE) $(ORCH_LIBS)

LIB_PROG = $(LIB_LIVE)
