noinst_LIBRARIES += %D%/libconf.a
%C%_libconf_a_SOURCES = \
	%D%/conf.c %D%/conf.h %D%/conf_i.h \
	%D%/conf_check.c \
	%D%/conf_doc.c \
	%D%/conf_value.c %D%/value_i.h \
	%D%/settings.h
LIB_CONF = %D%/libconf.a $(LIB_JSON)
