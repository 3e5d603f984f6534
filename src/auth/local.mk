noinst_LIBRARIES += %D%/libauth.a
%C%_libauth_a_SOURCES = \
	%D%/account.c \
	%D%/auth.c %D%/auth.h %D%/auth_i.h \
	%D%/common.c \
	%D%/gate.c \
	%D%/login.c \
	%D%/password.c \
	%D%/throttle.c \
	%D%/user.c
LIB_AUTH = %D%/libauth.a $(LIB_MARKET)
