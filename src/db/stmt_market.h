/* stmt_market.h - part of the statement table, see stmts.h. */
