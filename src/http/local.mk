noinst_LIBRARIES += %D%/libhttp.a
%C%_libhttp_a_SOURCES = %D%/http.c %D%/http.h
LIB_HTTP = %D%/libhttp.a $(LIB_CACHE)
