/* stmt_trade.h - part of the statement table, see stmts.h. */
