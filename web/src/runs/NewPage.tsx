import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { getMarkets, getStrategies } from "../api/endpoints";
import type { Market, Strategy } from "../api/types";
import { useCanTrade } from "../app/session";
import { LoadError } from "../components/Loaded";
import { ButtonLink, Empty, SkeletonRows } from "../components/ui";

/** A page on which something is made from markets and strategies. */

interface Waiting {
	ready: boolean;
	error: unknown;
	again: () => void;
}

/** The page around a form that is drawn once all it needs is there. */
export function NewPage(p: {
	title: string;
	/** Where Cancel leads. */
	back: string;
	/** What a viewer is told: that they cannot … */
	refusal: string;
	wait: Waiting;
	empty?: boolean;
	children: () => ReactNode;
}) {
	const trader = useCanTrade();
	const { wait } = p;
	return (
		<>
			<div className="page-head">
				<h1>{p.title}</h1>
				<span className="spacer" />
				<ButtonLink href={p.back}>Cancel</ButtonLink>
			</div>
			{!trader ? (
				<div className="panel">
					<Empty title={`Viewers cannot ${p.refusal}`}>
						Ask an administrator for the role of a trader.
					</Empty>
				</div>
			) : wait.ready ? (
				p.empty ? (
					<div className="panel">
						<Empty title="There is no market yet">
							Import candles first: <code>orchctl candles import FILE</code>.
						</Empty>
					</div>
				) : (
					p.children()
				)
			) : wait.error ? (
				<LoadError error={wait.error} retry={wait.again} />
			) : (
				<div className="panel">
					<SkeletonRows rows={8} />
				</div>
			)}
		</>
	);
}

export function useMarkets() {
	return useQuery({
		queryKey: ["markets"],
		queryFn: ({ signal }) => getMarkets(signal),
	});
}

/** The same for what is made of a strategy and a market. */
export function NewRunPage(p: {
	title: string;
	back: string;
	refusal: string;
	/** Something else that the form begins with is still on its way. */
	waiting?: boolean;
	children: (
		markets: readonly Market[],
		strategies: readonly Strategy[],
	) => ReactNode;
}) {
	const markets = useMarkets();
	const strategies = useQuery({
		queryKey: ["strategies"],
		queryFn: ({ signal }) => getStrategies(signal),
	});
	const m = markets.data?.items;
	const s = strategies.data?.items;
	return (
		<NewPage
			title={p.title}
			back={p.back}
			refusal={p.refusal}
			wait={{
				ready: Boolean(m && s && !p.waiting),
				error: markets.error ?? strategies.error,
				again: () => {
					void markets.refetch();
					void strategies.refetch();
				},
			}}
			empty={m?.length === 0}
		>
			{() => m && s && p.children(m, s)}
		</NewPage>
	);
}
