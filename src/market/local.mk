noinst_LIBRARIES += %D%/libmarket.a
%C%_libmarket_a_SOURCES = \
	%D%/block.c \
	%D%/candles.c \
	%D%/dec.c \
	%D%/market.h %D%/market_i.h \
	%D%/tf.c
LIB_MARKET = %D%/libmarket.a $(LIB_FCGI)
