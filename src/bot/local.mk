noinst_LIBRARIES += %D%/libbot.a
%C%_libbot_a_SOURCES = \
	%D%/bot.h %D%/bot_i.h \
	%D%/lease.c \
	%D%/open.c \
	%D%/row.c \
	%D%/runner.c \
	%D%/show.c \
	%D%/tell.c \
	%D%/tick.c \
	%D%/view.c
LIB_BOT = %D%/libbot.a $(LIB_BT)
