noinst_LIBRARIES += %D%/libproc.a
%C%_libproc_a_SOURCES = \
	%D%/board.c %D%/board.h %D%/board_i.h %D%/board_tables.h \
	%D%/board_http.c \
	%D%/child.c \
	%D%/events.c %D%/events.h \
	%D%/listen.c \
	%D%/proc.c %D%/proc.h %D%/proc_i.h \
	%D%/rate.c
LIB_PROC = %D%/libproc.a $(LIB_CONF)
