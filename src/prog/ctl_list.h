/* ctl_list.h - the subcommands of orchctl, in the order of its --help; a line
 * each: X(name, function, "what it does").  No include guard. */
X(config, ctl_config, "show, check and document the settings")
X(migrate, ctl_migrate, "bring the database's schema up to date")
X(user, ctl_user, "add and change users")
X(candles, ctl_candles, "import, list, resample and export candles")
X(demo, ctl_demo, "set up the simulated market to begin with")
X(doctor, ctl_doctor, "look for what is wrong with this installation")
X(nginx, ctl_nginx, "write the configuration of nginx")
X(openapi, ctl_openapi, "print the description of the API")
X(strategy, ctl_strategy, "check and format strategy scripts")
X(indicator, ctl_indicator, "compute an indicator over a file of candles")
X(backtest, ctl_backtest, "run a strategy over candles of the past")
X(bot, ctl_bot, "create, start, watch and stop bots")
