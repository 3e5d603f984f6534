noinst_LIBRARIES += %D%/libjson.a
%C%_libjson_a_SOURCES = \
	%D%/f64.c %D%/f64_i.h \
	%D%/json.h \
	%D%/pow10.c \
	%D%/reader.c \
	%D%/writer.c
EXTRA_DIST += %D%/make_pow10.py
LIB_JSON = %D%/libjson.a $(LIB_CORE)
