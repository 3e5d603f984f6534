import { useState } from "react";
import type { Bot, Fill, Order, Trade } from "../../api/types";
import { useFormats } from "../../app/format";
import { tradeColumns, tradeTime } from "../../components/BotBits";
import { type Column, DataTable } from "../../components/DataTable";
import { FollowIcon } from "../../components/icons";
import { Loaded } from "../../components/Loaded";
import { LogView } from "../../components/LogView";
import { Empty, Side } from "../../components/ui";
import { formatDuration } from "../../lib/time";
import { useBotLog, useFills, useOrders, useTrades } from "./data";

function TradesTab(p: {
	id: number;
	active: number | null;
	onPick: (t: Trade) => void;
}) {
	const f = useFormats();
	const { query, items, more } = useTrades(p.id);
	const columns: Column<Trade>[] = [
		{
			key: "number",
			title: "#",
			num: true,
			sort: (t) => t.number,
			cell: (t) => f.count(t.number),
		},
		{
			key: "time",
			title: `Closed (${f.zoneLabel})`,
			sort: tradeTime,
			cell: (t) => (t.open ? "still open" : f.time(t.exit_time)),
		},
		...tradeColumns<Trade>(f),
		{
			key: "fees",
			title: "Fees",
			num: true,
			sort: (t) => Number(t.fees),
			cell: (t) => f.money(t.fees),
		},
		{
			key: "bars",
			title: "Held",
			num: true,
			sort: (t) => (t.exit_time ?? Date.now()) - t.entry_time,
			cell: (t) =>
				t.exit_time === null ? "–" : formatDuration(t.exit_time - t.entry_time),
		},
		{
			key: "signal",
			title: "Signals",
			cell: (t) =>
				[t.entry_signal, t.exit_signal].filter(Boolean).join(" → ") || "–",
		},
	];
	return (
		<Loaded query={query}>
			{() =>
				items?.length ? (
					<DataTable
						caption="Trades. Choosing one shows it on the chart."
						columns={columns}
						rows={items}
						rowKey={(t) => t.number}
						rowLabel={(t) => `Show trade ${t.number} on the chart`}
						active={p.active}
						onRow={p.onPick}
						onEnd={more}
						virtual
					/>
				) : (
					<Empty title="No trade yet">
						A trade is an entry and the exit that follows it. Choosing one here
						shows it on the chart.
					</Empty>
				)
			}
		</Loaded>
	);
}

function FillsTab({ id }: { id: number }) {
	const f = useFormats();
	const { query, items, more } = useFills(id);
	const columns: Column<Fill>[] = [
		{
			key: "time",
			title: `Time (${f.zoneLabel})`,
			sort: (x) => x.time,
			cell: (x) => f.time(x.time),
		},
		{ key: "side", title: "Side", cell: (x) => <Side side={x.side} /> },
		{ key: "qty", title: "Quantity", num: true, cell: (x) => f.qty(x.qty) },
		{ key: "price", title: "Price", num: true, cell: (x) => f.price(x.price) },
		{
			key: "fee",
			title: "Fee",
			num: true,
			cell: (x) => `${f.money(x.fee, { max: 8 })} ${x.fee_asset}`,
		},
		{ key: "liquidity", title: "Liquidity", cell: (x) => x.liquidity },
		{ key: "order", title: "Order", num: true, cell: (x) => x.order_id },
	];
	return (
		<Loaded query={query}>
			{() =>
				items?.length ? (
					<DataTable
						caption="Fills"
						columns={columns}
						rows={items}
						rowKey={(x) => x.id}
						onEnd={more}
						virtual
					/>
				) : (
					<Empty title="No fill yet">
						Each time an order is executed, wholly or in part, it is listed here
						with its price and fee.
					</Empty>
				)
			}
		</Loaded>
	);
}

function OrdersTab({ id }: { id: number }) {
	const f = useFormats();
	const { query, items, more } = useOrders(id);
	const columns: Column<Order>[] = [
		{
			key: "created",
			title: `Created (${f.zoneLabel})`,
			sort: (o) => o.created,
			cell: (o) => f.time(o.created),
		},
		{ key: "side", title: "Side", cell: (o) => <Side side={o.side} /> },
		{ key: "type", title: "Type", cell: (o) => o.type },
		{ key: "qty", title: "Quantity", num: true, cell: (o) => f.qty(o.qty) },
		{ key: "filled", title: "Filled", num: true, cell: (o) => f.qty(o.filled) },
		{ key: "price", title: "Limit", num: true, cell: (o) => f.price(o.price) },
		{ key: "stop", title: "Stop", num: true, cell: (o) => f.price(o.stop) },
		{
			key: "avg",
			title: "Average",
			num: true,
			cell: (o) => f.price(o.avg_price),
		},
		{
			key: "state",
			title: "State",
			sort: (o) => o.state,
			cell: (o) => <span className="badge">{o.state}</span>,
		},
		{ key: "signal", title: "Signal", cell: (o) => o.signal || "–" },
		{ key: "reason", title: "Reason", cell: (o) => o.reason || "" },
	];
	return (
		<Loaded query={query}>
			{() =>
				items?.length ? (
					<DataTable
						caption="Orders"
						columns={columns}
						rows={items}
						rowKey={(o) => o.id}
						onEnd={more}
						virtual
					/>
				) : (
					<Empty title="No order yet">
						Orders appear when the strategy asks for an entry or an exit and the
						limits allow it.
					</Empty>
				)
			}
		</Loaded>
	);
}

function LogTab({ id }: { id: number }) {
	const [follow, setFollow] = useState(true);
	const { query, items, more } = useBotLog(id);
	return (
		<Loaded query={query}>
			{() =>
				items?.length ? (
					<>
						<LogView
							label="Log of the bot"
							follow={follow}
							onFollow={setFollow}
							top={
								query.hasNextPage && (
									<button type="button" className="btn btn-s" onClick={more}>
										Load older lines
									</button>
								)
							}
							items={[...items].reverse()}
						/>
						<div className="log-foot">
							<button
								type="button"
								className="btn btn-s"
								aria-pressed={follow}
								onClick={() => setFollow(!follow)}
							>
								<FollowIcon size={15} /> {follow ? "Following" : "Follow"}
							</button>
						</div>
					</>
				) : (
					<Empty title="Nothing logged yet">
						What the bot decides, and why, is written here line by line.
					</Empty>
				)
			}
		</Loaded>
	);
}

function SetupTab({ bot }: { bot: Bot }) {
	const f = useFormats();
	const rows: [string, string][] = [
		["Strategy", bot.strategy.name],
		...Object.entries(bot.inputs).map(([k, v]): [string, string] => [
			`Input ${k}`,
			String(v),
		]),
		["Market", `${bot.market.symbol} (${bot.market.exchange})`],
		["Timeframe", bot.tf],
		["Mode", bot.mode],
		["Initial balance", f.money(bot.initial_balance)],
		[
			"Prices",
			bot.feed.kind === "live"
				? "live"
				: `replay ${
						bot.feed.from ? `from ${f.time(bot.feed.from, "date")} ` : ""
					}${bot.feed.to ? `to ${f.time(bot.feed.to, "date")} ` : ""}${
						bot.feed.speed ? `at ${bot.feed.speed}×` : "as fast as possible"
					}`,
		],
		["Created", f.time(bot.created, "full")],
		["Changed", f.time(bot.changed, "full")],
	];
	return (
		<dl className="facts">
			{rows.map(([k, v]) => (
				<div key={k}>
					<dt>{k}</dt>
					<dd>{v}</dd>
				</div>
			))}
		</dl>
	);
}

/** What is under a tab of a bot's history. */
export default function TabBody(p: {
	tab: "trades" | "fills" | "orders" | "log" | "setup";
	bot: Bot;
	/** The trade that was chosen. */
	active: number | null;
	onPick: (t: Trade) => void;
}) {
	const { bot } = p;
	switch (p.tab) {
		case "trades":
			return <TradesTab id={bot.id} active={p.active} onPick={p.onPick} />;
		case "fills":
			return <FillsTab id={bot.id} />;
		case "orders":
			return <OrdersTab id={bot.id} />;
		case "log":
			return <LogTab id={bot.id} />;
		case "setup":
			return <SetupTab bot={bot} />;
	}
}
