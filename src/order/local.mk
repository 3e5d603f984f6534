noinst_LIBRARIES += %D%/liborder.a
%C%_liborder_a_SOURCES = \
	%D%/acct.c %D%/acct.h \
	%D%/books.c \
	%D%/intent.c \
	%D%/journal.c %D%/journal_i.h \
	%D%/order.h \
	%D%/sync.c
LIB_ORDER = %D%/liborder.a $(LIB_XCHG)
