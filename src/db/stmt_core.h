/* stmt_core.h - part of the statement table, see stmts.h. */
