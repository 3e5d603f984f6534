noinst_LIBRARIES += %D%/libind.a
%C%_libind_a_SOURCES = \
	%D%/avg.c %D%/band.c %D%/bar.h %D%/ind.c %D%/ind.h %D%/ind_i.h \
	%D%/momentum.c %D%/rank.c %D%/trend.c %D%/volume.c \
	%D%/window_i.h
LIB_IND = %D%/libind.a $(LIB_AUTH)
