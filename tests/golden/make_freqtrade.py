#!/usr/bin/env python3
"""Trade lists of freqtrade itself, for tests/unit/test_bt_freqtrade.c.

    python3 make_freqtrade.py            write freqtrade/* beside this file
    python3 make_freqtrade.py wallets    those of 2026's snapshots of the wallet
    python3 make_freqtrade.py margin     profits after interest (margin.csv; 2026.9)
    python3 make_freqtrade.py run RULES.json PAIR=FILE.csv...
                                         one run, trades as JSON on stdout

Needs freqtrade in the interpreter's environment and no network: the exchange
is a table of answers.  Candles are made here from a seeded walk and stored, so
that the test reads what freqtrade read.  The files in the tree were made with
2024.10, 2025.9, 2025.12 and 2026.9.
"""
import json
import logging
import math
import random
import sys
import types
from pathlib import Path

import pandas as pd

logging.disable(logging.CRITICAL)
HERE = Path(__file__).resolve().parent / "freqtrade"

from freqtrade.enums import CandleType, MarginMode, RunMode, TradingMode  # noqa: E402
from freqtrade.exchange import Exchange  # noqa: E402
from freqtrade.exchange.binance import Binance  # noqa: E402
from freqtrade.optimize.backtesting import Backtesting  # noqa: E402
from freqtrade.resolvers import StrategyResolver  # noqa: E402
from freqtrade.strategy.interface import IStrategy  # noqa: E402

TICK_SIZE = 4


class Table(Binance):
    """An exchange that answers from a table."""

    def __init__(self, config, rules):
        self._config = config
        self._r = rules
        self.trading_mode = config["trading_mode"]
        self.margin_mode = MarginMode.ISOLATED if rules.get("can_short") or \
            rules.get("leverage", 1) != 1 else MarginMode.NONE
        self.liquidation_buffer = rules.get("liquidation_buffer", 0.05)
        self._leverage_tiers = {p: [] for p in config["exchange"]["pair_whitelist"]}
        self._exchange_ws = None
        self._ws_async = None
        self._api_async = None
        self._api = types.SimpleNamespace(id="binance", name="Binance")

    def __del__(self):
        pass

    def close(self):
        pass

    name = "Binance"
    id = "binance"
    precisionMode = TICK_SIZE
    precision_mode_price = TICK_SIZE
    timeframes = ["1m", "5m", "15m", "1h", "4h", "8h", "1d"]

    @property
    def markets(self):
        out = {}
        for p in self._config["exchange"]["pair_whitelist"]:
            base, rest = p.split("/")
            quote = rest.split(":")[0]
            out[p] = {"symbol": p, "base": base, "quote": quote, "active": True,
                      "spot": True, "swap": ":" in p, "linear": True,
                      "settle": quote, "type": "spot"}
        return out

    def get_fee(self, *a, **k):
        return self._r.get("fee", 0.001)

    def validate_required_startup_candles(self, *a, **k):
        return 1

    def get_pair_base_currency(self, pair):
        return pair.split("/")[0]

    def get_pair_quote_currency(self, pair):
        return pair.split("/")[1].split(":")[0]

    def get_proxy_coin(self):
        return self._config["stake_currency"]

    def get_precision_price(self, pair):
        return self._r.get("_tick")

    def get_precision_amount(self, pair):
        return self._r.get("_lot")

    def get_contract_size(self, pair):
        return 1

    def get_min_pair_stake_amount(self, pair, price, stoploss, leverage=1.0):
        return self._r.get("minimum_stake", 0) or None

    def get_max_pair_stake_amount(self, pair, price, leverage=1.0):
        return float("inf")

    def get_max_leverage(self, pair, stake):
        return 125.0

    def get_maintenance_ratio_and_amt(self, pair, stake):
        return self._r.get("maintenance_ratio", 0.005), self._r.get("maintenance_amount", 0.0)

    def exchange_has(self, what):
        return False

    def get_option(self, name, default=None):
        return {"funding_fee_timeframe": "8h", "mark_ohlcv_timeframe": "8h",
                "mark_ohlcv_price": "mark", "uses_leverage_tiers": True,
                "funding_fee_candle_limit": 1000}.get(name, default)

    def ohlcv_candle_limit(self, *a, **k):
        return 1000

    def market_is_tradable(self, market):
        return True

    def get_markets(self, *a, **k):
        return self.markets

    def check_delisting_time(self, *a):
        return None

    def balance_includes_unrealized_pnl(self):
        return False


def strategy(rules):
    r = rules
    roi = {int(k): v for k, v in r.get("minimal_roi", {}).items()}

    class Columns(IStrategy):
        INTERFACE_VERSION = 3
        timeframe = r.get("timeframe", "5m")
        stoploss = r.get("stoploss", -1)
        minimal_roi = roi
        trailing_stop = r.get("trailing_stop", False)
        trailing_stop_positive = r.get("trailing_stop_positive")
        trailing_stop_positive_offset = r.get("trailing_stop_positive_offset", 0.0)
        trailing_only_offset_is_reached = r.get("trailing_only_offset_is_reached", False)
        use_exit_signal = r.get("use_exit_signal", True)
        exit_profit_only = r.get("exit_profit_only", False)
        exit_profit_offset = r.get("exit_profit_offset", 0.0)
        ignore_roi_if_entry_signal = r.get("ignore_roi_if_entry_signal", False)
        max_open_trades = r.get("max_open_trades", 1)
        startup_candle_count = r.get("startup_candle_count", 0)
        can_short = bool(r.get("can_short", False))
        process_only_new_candles = True
        protections = r.get("protections", [])
        order_types = {"entry": "limit", "exit": "limit", "stoploss": "limit",
                       "stoploss_on_exchange": False}
        order_time_in_force = {"entry": "GTC", "exit": "GTC"}
        position_adjustment_enable = False

        def populate_indicators(self, df, metadata):
            return df

        def populate_entry_trend(self, df, metadata):
            return tags(df, "enter_tag")

        def populate_exit_trend(self, df, metadata):
            return tags(df, "exit_tag")

        def leverage(self, *a, **k):
            return float(r.get("leverage", 1))

        def custom_entry_price(self, pair, current_time, proposed_rate, **k):
            return custom(self, pair, current_time, "entry_price", proposed_rate)

        def custom_exit_price(self, pair, current_time, proposed_rate, **k):
            return custom(self, pair, current_time, "exit_price", proposed_rate)

    return Columns


def tags(df, column):
    """freqtrade empties the tags before it asks for signals."""
    if "given_" + column in df.columns:
        df[column] = df["given_" + column]
    return df


def custom(strat, pair, now, column, proposed):
    df = FRAMES[pair]
    if column not in df.columns:
        return proposed
    before = df.loc[df["date"] < now, column]
    v = before.iloc[-1] if len(before) else float("nan")
    return proposed if pd.isna(v) else float(v)


FRAMES = {}


def frame(path):
    df = pd.read_csv(path)
    df["date"] = pd.to_datetime(df["timestamp_ms"], unit="ms", utc=True)
    df["date"] = df["date"].astype("datetime64[ms, UTC]")
    for c in ("open", "high", "low", "close", "volume"):
        df[c] = df[c].astype(float)
    for c in ("enter_tag", "exit_tag"):
        if c in df.columns:
            df["given_" + c] = [t if isinstance(t, str) else "" for t in df.pop(c)]
    df = df.drop(columns=["timestamp_ms"])
    return df[["date"] + [c for c in df.columns if c != "date"]]


def run(rules, files, detail=None, funding=None):
    futures = bool(rules.get("can_short") or rules.get("leverage", 1) != 1)
    pairs = list(files)
    config = {
        "exchange": {"name": "binance", "pair_whitelist": pairs, "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}],
        "stake_currency": "USDT", "fee": rules.get("fee", 0.001),
        "stake_amount": rules.get("stake_amount", 100),
        "dry_run_wallet": rules.get("dry_run_wallet", 1000),
        "tradable_balance_ratio": rules.get("tradable_balance_ratio", 0.99),
        "amend_last_stake_amount": rules.get("amend_last_stake_amount", False),
        "last_stake_amount_min_ratio": rules.get("last_stake_amount_min_ratio", 0.5),
        "timeframe": rules.get("timeframe", "5m"), "dry_run": True,
        "max_open_trades": rules.get("max_open_trades", 1),
        "position_stacking": rules.get("position_stacking", False),
        "enable_protections": bool(rules.get("protections")),
        "trading_mode": TradingMode.FUTURES if futures else TradingMode.SPOT,
        "margin_mode": MarginMode.ISOLATED if futures else MarginMode.NONE,
        "candle_type_def": CandleType.FUTURES if futures else CandleType.SPOT,
        "runmode": RunMode.BACKTEST, "user_data_dir": Path("/tmp"),
        "datadir": Path("/tmp"), "dataformat_ohlcv": "json", "export": "none",
        "unfilledtimeout": {"entry": 10, "exit": 30, "unit": "minutes",
                            **rules.get("unfilledtimeout", {})},
        "entry_pricing": {"price_side": "same"}, "exit_pricing": {"price_side": "same"},
        "strategy": "Columns", "liquidation_buffer": rules.get("liquidation_buffer", 0.05),
        "order_types": None,
    }
    config.pop("order_types")
    cls = strategy(rules)

    def load(cfg):
        s = cls(cfg)
        s.order_types = dict(cls.order_types)
        s._ft_params_from_file = {}
        if s.max_open_trades == -1:
            s.max_open_trades = float("inf")
        cfg["max_open_trades"] = s.max_open_trades
        s.ft_load_params_from_file = lambda: None
        return s

    StrategyResolver.load_strategy = staticmethod(load)
    import freqtrade.optimize.backtesting as module
    module.validate_config_consistency = lambda *a, **k: None
    module.migrate_data = lambda *a, **k: None
    Backtesting._load_bt_data_detail = lambda self: None
    Backtesting.load_bt_data_detail = lambda self: None
    if detail:
        config["timeframe_detail"] = rules["timeframe_detail"]
    bt = Backtesting(config, Table(config, rules))
    bt._set_strategy(bt.strategylist[0])
    FRAMES.clear()
    data = {p: frame(f) for p, f in files.items()}
    FRAMES.update(data)
    if detail:
        bt.detail_data = {p: frame(f) for p, f in detail.items()}
    if futures:
        bt.funding_fee_timeframe_secs = 8 * 3600
        empty = pd.DataFrame({"date": pd.to_datetime([], utc=True), "open_fund": [],
                              "open_mark": []}).astype({"open_fund": float, "open_mark": float})
        bt.futures_data = {p: empty for p in pairs}
        if funding:
            for p, (rates, marks) in funding.items():
                bt.futures_data[p] = Exchange.combine_funding_and_mark(rates, marks)
    cut = rules.get("startup_candle_count", 0)
    starts = [d["date"].iloc[min(cut, len(d) - 1)] for d in data.values()]
    start = min(s for s in starts).to_pydatetime()
    end = max(d["date"].iloc[-1] for d in data.values()).to_pydatetime()
    res = bt.backtest({p: d.copy() for p, d in data.items()}, start, end)
    return res


def trades(res):
    out = []
    for t in res["results"].to_dict("records") if len(res["results"]) else []:
        out.append({
            "pair": t["pair"], "short": bool(t["is_short"]),
            "open_ms": int(t["open_date"].timestamp() * 1000),
            "close_ms": int(t["close_date"].timestamp() * 1000),
            "open_rate": t["open_rate"], "close_rate": t["close_rate"],
            "reason": t["exit_reason"], "amount": t["amount"],
            "stake": t["stake_amount"], "profit_abs": t["profit_abs"],
            "profit_ratio": t["profit_ratio"], "min_rate": t["min_rate"],
            "max_rate": t["max_rate"], "stop": t["stop_loss_abs"],
            "initial_stop": t["initial_stop_loss_abs"],
            "funding": t.get("funding_fees") or 0.0, "tag": t.get("enter_tag"),
            "leverage": t["leverage"],
        })
    return {"trades": out, "rejected": res["rejected_signals"],
            "timedout_entry": res["timedout_entry_orders"],
            "timedout_exit": res["timedout_exit_orders"],
            "locks": len(res["locks"]),
            "final_balance": res["final_balance"]}


# --- what is stored ----------------------------------------------------------

PAIRS = ["A/USDT", "B/USDT", "C/USDT"]
ROI = {"0": 0.03, "30": 0.01, "60": 0.005, "240": 0.0}
TRAIL = {"trailing_stop": True, "trailing_stop_positive": 0.005,
         "trailing_stop_positive_offset": 0.015}
ONLY = {**TRAIL, "trailing_only_offset_is_reached": True}
GUARDS = [{"method": "CooldownPeriod", "stop_duration_candles": 2},
          {"method": "StoplossGuard", "lookback_period_candles": 24,
           "trade_limit": 2, "stop_duration_candles": 6, "only_per_side": True},
          {"method": "MaxDrawdown", "lookback_period_candles": 48,
           "trade_limit": 4, "stop_duration": 32, "max_allowed_drawdown": 0.03},
          {"method": "LowProfitPairs", "lookback_period": 240, "trade_limit": 2,
           "unlock_at": "12:00", "required_profit": -0.01}]
CASES = {
    "stop": {"stoploss": -0.02, "max_open_trades": 3},
    "roi": {"stoploss": -0.1, "minimal_roi": ROI, "max_open_trades": 3},
    "roi-forced": {"stoploss": -0.1, "max_open_trades": 2,
                   "minimal_roi": {"0": 0.02, "33": 0.004, "60": -1}},
    "trailing": {"stoploss": -0.02, "trailing_stop": True, "max_open_trades": 3},
    "trailing-positive": {"stoploss": -0.03, **TRAIL, "minimal_roi": ROI,
                          "max_open_trades": 2},
    "trailing-offset": {"stoploss": -0.05, **ONLY, "max_open_trades": 3},
    "profit-only": {"stoploss": -0.05, "exit_profit_only": True,
                    "exit_profit_offset": 0.002, "max_open_trades": 2},
    "ignore-roi": {"stoploss": -0.03, "minimal_roi": {"0": 0.005},
                   "ignore_roi_if_entry_signal": True, "max_open_trades": 2},
    "no-exit-signal": {"stoploss": -0.02, "use_exit_signal": False,
                       "minimal_roi": ROI, "max_open_trades": 1},
    "one-slot": {"stoploss": -0.03, "minimal_roi": ROI, "max_open_trades": 1},
    "no-limit": {"stoploss": -0.03, "max_open_trades": -1, "dry_run_wallet": 250},
    "unlimited-stake": {"stoploss": -0.03, "stake_amount": "unlimited",
                        "minimal_roi": ROI, "max_open_trades": 3, "fee": 0.0025},
    "amended-stake": {"stoploss": -0.03, "stake_amount": 250, "dry_run_wallet": 700,
                      "amend_last_stake_amount": True, "max_open_trades": 3},
    "least-stake": {"stoploss": -0.03, "minimum_stake": 120, "max_open_trades": 2},
    "stacking": {"stoploss": -0.03, "position_stacking": True, "minimal_roi": ROI,
                 "max_open_trades": 4},
    "startup": {"stoploss": -0.03, "startup_candle_count": 40, "max_open_trades": 3},
    "shorts": {"stoploss": -0.03, "can_short": True, "minimal_roi": ROI,
               "max_open_trades": 3},
    "shorts-trailing": {"stoploss": -0.04, "can_short": True, **ONLY,
                        "max_open_trades": 3, "leverage": 3},
    "liquidation": {"stoploss": -0.99, "can_short": True, "leverage": 30,
                    "max_open_trades": 3},
    "guards": {"stoploss": -0.01, "protections": GUARDS, "max_open_trades": 3,
               "minimal_roi": ROI},
    "guards-short": {"stoploss": -0.015, "protections": GUARDS, "can_short": True,
                     "max_open_trades": 3, **TRAIL},
    "guard-equity": {"stoploss": -0.01, "stake_amount": "unlimited", "fee": 0.0025,
                     "tradable_balance_ratio": 0.5, "max_open_trades": 2,
                     "protections": [{"method": "MaxDrawdown", "trade_limit": 2,
                                      "stop_duration_candles": 12,
                                      "lookback_period_candles": 100,
                                      "max_allowed_drawdown": 0.03,
                                      "calculation_mode": "equity"}]},
    "tick": {"stoploss": -0.03, **TRAIL, "minimal_roi": ROI, "max_open_trades": 3,
             "_tick": 0.001, "_lot": 0.01},
    "prices": {"stoploss": -0.03, "minimal_roi": ROI, "max_open_trades": 2,
               "_files": "p", "unfilledtimeout": {"entry": 15, "exit": 20}},
    "prices-short": {"stoploss": -0.03, "can_short": True, "max_open_trades": 3,
                     "_files": "p"},
    "gaps": {"stoploss": -0.03, **TRAIL, "minimal_roi": ROI, "max_open_trades": 3,
             "_files": "g"},
    "detail": {"stoploss": -0.02, **ONLY, "minimal_roi": ROI, "max_open_trades": 2,
               "timeframe_detail": "1m", "_files": "h"},
    "detail-short": {"stoploss": -0.01, "can_short": True, "max_open_trades": 2,
                     "minimal_roi": {"0": 0.01}, "timeframe_detail": "1m",
                     "_files": "h"},
    "funding": {"stoploss": -0.1, "can_short": True, "leverage": 2,
                "max_open_trades": 3, "_funding": True},
}


def walk(path, seed, n, price, digits, vol=0.006, p=0.1, skip=0.0, prices=False,
         step=300000):
    """A seeded walk with spikes, signals and tags, as one CSV."""
    r = random.Random(seed)
    t, c = 1700000100000 // step * step, price
    flag = lambda q: int(r.random() < q)  # noqa: E731
    head = "timestamp_ms,open,high,low,close,volume,enter_long,exit_long," \
        "enter_short,exit_short,enter_tag,exit_tag"
    out = [head + (",entry_price,exit_price" if prices else "")]
    for _ in range(n):
        o = c * (1 + (r.gauss(0, vol * 0.3) if r.random() < 0.3 else 0))
        e = o * (1 + r.gauss(0, vol))
        hi = max(o, e) * (1 + abs(r.gauss(0, vol * 0.6)) + (vol * 4 if r.random() < 0.02 else 0))
        lo = min(o, e) * (1 - abs(r.gauss(0, vol * 0.6)) - (vol * 4 if r.random() < 0.02 else 0))
        o, hi, lo, e = (round(v, digits) for v in (o, hi, lo, e))
        row = [t, o, max(o, hi, lo, e), min(o, lo, e), e, round(r.uniform(1, 100), 1),
               flag(p * 1.5), flag(p), flag(p * 1.2), flag(p),
               f"t{r.randrange(3)}" if flag(0.5) else "",
               f"x{r.randrange(2)}" if flag(0.15) else ""]
        if prices:
            row += [round(e * (1 + r.uniform(-0.02, 0.02)), digits) if flag(0.6) else ""
                    for _ in range(2)]
        if not (skip and r.random() < skip):
            out.append(",".join(str(v) for v in row))
        t, c = t + step, e
    path.write_text("\n".join(out) + "\n")


def finer(path, fine, seed, n, price, digits):
    """One-minute candles and the five-minute ones that they make."""
    walk(fine, seed, n * 5, price, digits, vol=0.003)
    rows = [line.split(",") for line in fine.read_text().splitlines()]
    head, rows = rows[0], rows[1:]
    t0, big, small = int(rows[0][0]), [",".join(head)], [",".join(head[:6])]
    for i in range(0, len(rows), 5):
        five = rows[i:i + 5]
        cols = [[float(r[k]) for r in five] for k in range(6)]
        big.append(",".join([str(t0 + i * 60000), five[0][1], str(max(cols[2])),
                             str(min(cols[3])), five[-1][4], "1"] + five[0][6:]))
        small += [",".join([str(t0 + (i + j) * 60000)] + r[1:5] + ["1"])
                  for j, r in enumerate(five)]
    path.write_text("\n".join(big) + "\n")
    fine.write_text("\n".join(small) + "\n")


def make_data():
    for k, (price, digits) in enumerate([(100, 2), (20, 3), (3, 4)]):
        walk(HERE / f"d{k}.csv", k + 1, 300, price, digits)
        walk(HERE / f"g{k}.csv", k + 21, 200, price, digits, skip=0.06)
        walk(HERE / f"p{k}.csv", k + 31, 200, price, digits, prices=True)
        finer(HERE / f"h{k}.csv", HERE / f"h{k}_1m.csv", k + 41, 120, price, digits)
        r, t = random.Random(k), 1700000100000 // 28800000 * 28800000
        lines = ["timestamp_ms,rate,mark"] + [
            f"{t + i * 28800000},{round(r.uniform(-0.002, 0.003), 6)},"
            f"{round(price * (1 + r.uniform(-0.1, 0.1)), 4)}" for i in range(8)]
        (HERE / f"f{k}.csv").write_text("\n".join(lines) + "\n")


def rates(path):
    df = pd.read_csv(path)
    df["date"] = pd.to_datetime(df["timestamp_ms"], unit="ms", utc=True)
    df["date"] = df["date"].astype("datetime64[ms, UTC]")
    return (df[["date"]].assign(open=df["rate"]), df[["date"]].assign(open=df["mark"]))


def make_case(name, rules):
    rules = {"timeframe": "5m", "fee": 0.001, **rules}
    kind = rules.get("_files", "d")
    files = {p: HERE / f"{kind}{k}.csv" for k, p in enumerate(PAIRS)}
    detail = {p: HERE / f"h{k}_1m.csv" for k, p in enumerate(PAIRS)} \
        if "timeframe_detail" in rules else None
    funding = {p: rates(HERE / f"f{k}.csv") for k, p in enumerate(PAIRS)} \
        if rules.get("_funding") else None
    got = trades(run(rules, files, detail, funding))
    own = {k: v for k, v in rules.items() if not k.startswith("_")}
    return {"name": name, "files": kind, "funding": bool(funding),
            "tick": rules.get("_tick", 0), "lot": rules.get("_lot", 0), "rules": own,
            "rejected": got["rejected"], "locks": got["locks"],
            "balance": got["final_balance"],
            "trades": [[PAIRS.index(t["pair"]), int(t["short"]), t["open_ms"] // 60000,
                        t["close_ms"] // 60000, t["open_rate"], t["close_rate"],
                        t["reason"], t["amount"], t["profit_abs"], t["profit_ratio"],
                        t["tag"] or ""] for t in got["trades"]]}


# Snapshots of the wallet, over forty days of four hours: what 2026 makes its
# ratios of.
WALLETS = {
    "one": {"stoploss": -0.05, "max_open_trades": 1, "stake_amount": 400},
    "all": {"stoploss": -0.08, "max_open_trades": 3, "stake_amount": "unlimited"},
    "stacked": {"stoploss": -0.1, "position_stacking": True, "max_open_trades": 6},
    "short": {"stoploss": -0.06, "can_short": True, "max_open_trades": 3,
              "stake_amount": 250, "leverage": 2},
    "waiting": {"stoploss": -0.06, "max_open_trades": 3, "stake_amount": 250,
                "_files": "v", "unfilledtimeout": {"entry": 700, "exit": 700}},
    "gaps": {"stoploss": -0.06, "max_open_trades": 3, "stake_amount": 300,
             "_files": "u"},
    "winners": {"stoploss": -0.99, "minimal_roi": {"0": 0.01}, "max_open_trades": 3,
                "use_exit_signal": False, "stake_amount": 250},
}
STATS = ["sharpe", "sortino", "calmar", "max_drawdown_abs", "max_drawdown_account",
         "max_relative_drawdown"]


def make_wallet(name, rules):
    from freqtrade.optimize.optimize_reports.optimize_reports import generate_wallet_stats
    rules = {"timeframe": "4h", "fee": 0.001, **rules}
    kind = rules.get("_files", "w")
    res = run(rules, {p: HERE / f"{kind}{k}.csv" for k, p in enumerate(PAIRS)})
    s = generate_wallet_stats(res["wallet_summary"], "USDT")
    return {"name": name, "files": kind, "funding": False, "tick": 0, "lot": 0,
            "rules": {k: v for k, v in rules.items() if not k.startswith("_")},
            "balance": res["final_balance"], "stats": {k: s[k] for k in STATS}}


def make_wallets(version):
    for k, (price, digits) in enumerate([(100, 2), (20, 3), (3, 4)]):
        four = {"vol": 0.02, "step": 14400000}
        walk(HERE / f"w{k}.csv", k + 51, 240, price, digits, **four)
        walk(HERE / f"u{k}.csv", k + 61, 240, price, digits, skip=0.06, **four)
        walk(HERE / f"v{k}.csv", k + 71, 240, price, digits, prices=True, **four)
    out = HERE / f"wallet-{version}.json"
    cases = [json.dumps(make_wallet(n, r), separators=(",", ":"))
             for n, r in WALLETS.items()]
    out.write_text("[\n" + ",\n".join(cases) + "\n]\n")
    print(out, len(cases), "cases")


# What a trade of margin trading comes to after so many minutes.
def make_margin():
    from datetime import datetime, timedelta, timezone
    from freqtrade.persistence import LocalTrade
    r = random.Random(7)
    rows = ["exchange,short,leverage,amount,open_rate,close_rate,fee,interest_rate,"
            "minutes,profit_abs,profit_ratio"]
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for i in range(60):
        exchange, short = ("binance", "kraken")[i % 2], i % 3 == 0
        leverage = r.choice([1.0, 2.0, 3.0, 5.0])
        amount, opened = round(r.uniform(0.01, 90), 4), round(r.uniform(0.5, 900), 2)
        closed, fee = round(opened * r.uniform(0.8, 1.2), 2), r.choice([0.0, 0.001, 0.0025])
        rate, minutes = round(r.uniform(0, 0.002), 6), r.choice([0, 1, 59, 60, 61, 240, 241, r.randrange(20000)])
        t = LocalTrade(pair="A/USDT", base_currency="A", stake_currency="USDT",
                       exchange=exchange, is_short=short, leverage=leverage,
                       amount=amount, open_rate=opened, stake_amount=amount * opened / leverage,
                       fee_open=fee, fee_close=fee, interest_rate=rate, is_open=False,
                       trading_mode=TradingMode.MARGIN,
                       open_date=now, close_date=now + timedelta(minutes=minutes))
        t.recalc_open_trade_value()
        p = t.calculate_profit(closed)
        rows.append(f"{exchange},{int(short)},{leverage},{amount},{opened},{closed},{fee},{rate},"
                    f"{minutes},{p.profit_abs!r},{p.profit_ratio!r}")
    (HERE / "margin.csv").write_text("\n".join(rows) + "\n")


def main():
    if len(sys.argv) > 3 and sys.argv[1] == "run":
        rules = json.loads(Path(sys.argv[2]).read_text())
        files = dict(a.split("=", 1) for a in sys.argv[3:])
        print(json.dumps(trades(run(rules, files))))
        return 0
    import freqtrade
    HERE.mkdir(exist_ok=True)
    if sys.argv[1:] == ["margin"]:
        make_margin()
        return 0
    if sys.argv[1:] == ["wallets"]:
        make_wallets(freqtrade.__version__)
        return 0
    make_data()
    out = HERE / f"freqtrade-{freqtrade.__version__}.json"
    cases = [json.dumps(make_case(n, r), separators=(",", ":")) for n, r in CASES.items()]
    out.write_text("[\n" + ",\n".join(cases) + "\n]\n")
    print(out, len(cases), "cases")
    return 0


if __name__ == "__main__":
    sys.exit(main())
