/* stmt_auth.h - part of the statement table, see stmts.h. */
