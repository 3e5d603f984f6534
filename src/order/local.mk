noinst_LIBRARIES += %D%/liborder.a
%C%_liborder_a_SOURCES = \
	%D%/acct.c %D%/acct.h \
	%D%/order.h
LIB_ORDER = %D%/liborder.a $(LIB_XCHG)
