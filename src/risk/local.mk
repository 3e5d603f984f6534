noinst_LIBRARIES += %D%/librisk.a
%C%_librisk_a_SOURCES = %D%/risk.c %D%/risk.h
LIB_RISK = %D%/librisk.a $(LIB_ORDER)
