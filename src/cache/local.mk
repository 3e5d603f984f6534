noinst_LIBRARIES += %D%/libcache.a
%C%_libcache_a_SOURCES = \
	%D%/cache.c %D%/cache.h %D%/cache_i.h \
	%D%/redis.c \
	%D%/sub.c \
	%D%/table.c \
	%D%/url.c
LIB_CACHE = %D%/libcache.a $(LIB_DB)
