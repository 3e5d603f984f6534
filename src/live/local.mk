noinst_LIBRARIES += %D%/liblive.a
%C%_liblive_a_SOURCES = \
	%D%/access.c %D%/access_i.h \
	%D%/peer.c \
	%D%/hub.c %D%/hub_i.h \
	%D%/input.c \
	%D%/live.h \
	%D%/pool.c %D%/pool_i.h \
	%D%/server.c %D%/server_i.h
LIB_LIVE = %D%/liblive.a $(LIB_API)
