noinst_LIBRARIES += %D%/libmarket.a
%C%_libmarket_a_SOURCES = \
	%D%/block.c \
	%D%/candles.c \
	%D%/dec.c \
	%D%/funding.c %D%/funding.h \
	%D%/import.c %D%/import.h %D%/import_i.h \
	%D%/import_csv.c \
	%D%/import_json.c \
	%D%/load.c \
	%D%/market.c %D%/market.h %D%/market_i.h \
	%D%/squeeze.c %D%/squeeze.h \
	%D%/store.c \
	%D%/table.c %D%/table.h \
	%D%/tf.c \
	%D%/zip.c
LIB_MARKET = %D%/libmarket.a $(LIB_FCGI)
