noinst_LIBRARIES += %D%/libfcgi.a
%C%_libfcgi_a_SOURCES = \
	%D%/answer.c \
	%D%/fcgi.h %D%/fcgi_i.h \
	%D%/request.c \
	%D%/serve.c \
	%D%/text.c
LIB_FCGI = %D%/libfcgi.a $(LIB_HTTP)
