noinst_LIBRARIES += %D%/libind.a
%C%_libind_a_SOURCES = \
	%D%/alias.c %D%/avg.c %D%/band.c %D%/bar.h %D%/candle.c \
	%D%/ind.c %D%/ind.h %D%/ind_i.h %D%/level.c %D%/momentum.c \
	%D%/order.c %D%/order_i.h %D%/pair_i.h %D%/rank.c \
	%D%/spread_i.h %D%/trend.c %D%/volume.c \
	%D%/window_i.h
LIB_IND = %D%/libind.a $(LIB_AUTH)
