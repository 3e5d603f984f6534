noinst_LIBRARIES += %D%/libxchg.a
%C%_libxchg_a_SOURCES = \
	%D%/det.c %D%/det.h \
	%D%/feed.c %D%/feed.h \
	%D%/feed_proc.c %D%/feed_proc.h \
	%D%/match.c %D%/match.h \
	%D%/paper.c %D%/paper.h \
	%D%/poll.c %D%/poll.h \
	%D%/public.c %D%/public.h %D%/public_i.h \
	%D%/public_binance.c \
	%D%/public_coinbase.c \
	%D%/public_kraken.c \
	%D%/public_kucoin.c \
	%D%/quotes.c %D%/quotes.h \
	%D%/sim.c %D%/sim.h %D%/sim_i.h \
	%D%/sim_quote.c \
	%D%/xchg.c %D%/xchg.h
LIB_XCHG = %D%/libxchg.a $(LIB_SCRIPT)
