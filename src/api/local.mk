noinst_LIBRARIES += %D%/libapi.a
%C%_libapi_a_SOURCES = \
	%D%/api.h %D%/api_i.h \
	%D%/areas.h \
	%D%/cursor.c \
	%D%/openapi.c \
	%D%/param.c %D%/param.h \
	%D%/route.c %D%/route.h \
	%D%/schema.c %D%/schema.h
LIB_API = %D%/libapi.a $(LIB_OPS)
