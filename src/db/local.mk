noinst_LIBRARIES += %D%/libdb.a
%C%_libdb_a_SOURCES = \
	%D%/conn.c \
	%D%/db.h %D%/db_i.h \
	%D%/many.c \
	%D%/stmt.c \
	%D%/stmts.h %D%/stmt_auth.h %D%/stmt_core.h %D%/stmt_market.h \
	%D%/stmt_ops.h %D%/stmt_trade.h \
	%D%/tx.c \
	%D%/value.c
LIB_DB = %D%/libdb.a $(LIB_PROC)
