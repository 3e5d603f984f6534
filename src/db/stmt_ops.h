/* stmt_ops.h - part of the statement table, see stmts.h. */
