import {
	QueryCache,
	QueryClient,
	QueryClientProvider,
} from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Route, Switch, useLocation } from "wouter";
import { LoadError } from "../components/Loaded";
import { Toasts } from "../components/toasts";
import { SkeletonBlock } from "../components/ui";
import { ApiError } from "../lib/apiClient";
import { ErrorBoundary } from "../lib/ErrorBoundary";
import { logger } from "../lib/logger";
import { Shell } from "./Shell";
import { SessionProvider, useSession } from "./session";
import { TitleKeeper } from "./title";

const SignIn = lazy(() => import("../pages/SignIn"));
const Dashboard = lazy(() => import("../pages/Dashboard"));
const Markets = lazy(() => import("../pages/Markets"));
const Bots = lazy(() => import("../pages/Bots"));
const BotCreate = lazy(() => import("../pages/BotCreate"));
const BotDetail = lazy(() => import("../pages/BotDetail"));
const Strategies = lazy(() => import("../pages/Strategies"));
const StrategyEdit = lazy(() => import("../pages/StrategyEdit"));
const Backtests = lazy(() => import("../pages/Backtests"));
const BacktestNew = lazy(() => import("../pages/BacktestNew"));
const BacktestCompare = lazy(() => import("../pages/BacktestCompare"));
const BacktestAnalysis = lazy(() => import("../pages/BacktestAnalysis"));
const BacktestDetail = lazy(() => import("../pages/BacktestDetail"));
const Sweeps = lazy(() => import("../pages/Sweeps"));
const SweepNew = lazy(() => import("../pages/SweepNew"));
const SweepDetail = lazy(() => import("../pages/SweepDetail"));
const Models = lazy(() => import("../pages/Models"));
const ModelNew = lazy(() => import("../pages/ModelNew"));
const ModelCompare = lazy(() => import("../pages/ModelCompare"));
const ModelDetail = lazy(() => import("../pages/ModelDetail"));
const Logs = lazy(() => import("../pages/Logs"));
const Settings = lazy(() => import("../pages/Settings"));
const Monitoring = lazy(() => import("../pages/Monitoring"));
const About = lazy(() => import("../pages/About"));
const NotFound = lazy(() => import("../pages/NotFound"));

export function makeQueryClient(): QueryClient {
	return new QueryClient({
		queryCache: new QueryCache({
			onError: (error, query) => {
				// The API client has logged its own errors already.
				if (!(error instanceof ApiError))
					logger.error("A query failed", { error, key: query.queryKey });
			},
		}),
		defaultOptions: {
			queries: {
				// The client retries; doing it twice would multiply the tries.
				retry: false,
				staleTime: 15_000,
				refetchOnWindowFocus: true,
				networkMode: "always",
			},
			mutations: { retry: false, networkMode: "always" },
		},
	});
}

const client = makeQueryClient();

function PageLoading() {
	return <SkeletonBlock className="page-skeleton" />;
}

function Pages() {
	const [path] = useLocation();
	return (
		<Shell>
			<ErrorBoundary name="Page" resetKey={path}>
				<Suspense fallback={<PageLoading />}>
					<Switch>
						<Route path="/" component={Dashboard} />
						<Route path="/markets" component={Markets} />
						<Route path="/bots" component={Bots} />
						<Route path="/bots/new" component={BotCreate} />
						<Route path="/bots/:id">
							{(p) => <BotDetail key={p.id} id={Number(p.id)} />}
						</Route>
						<Route path="/strategies" component={Strategies} />
						<Route path="/strategies/:id">
							{(p) => (
								<StrategyEdit
									key={p.id}
									id={p.id === "new" ? null : Number(p.id)}
								/>
							)}
						</Route>
						<Route path="/backtests" component={Backtests} />
						<Route path="/backtests/new" component={BacktestNew} />
						<Route path="/backtests/compare" component={BacktestCompare} />
						<Route path="/backtests/sweeps" component={Sweeps} />
						<Route path="/backtests/sweeps/new" component={SweepNew} />
						<Route path="/backtests/sweeps/:id">
							{(p) => <SweepDetail key={p.id} id={Number(p.id)} />}
						</Route>
						<Route path="/backtests/:id/analysis">
							{(p) => <BacktestAnalysis key={p.id} id={Number(p.id)} />}
						</Route>
						<Route path="/backtests/:id">
							{(p) => <BacktestDetail key={p.id} id={Number(p.id)} />}
						</Route>
						<Route path="/models" component={Models} />
						<Route path="/models/new" component={ModelNew} />
						<Route path="/models/compare" component={ModelCompare} />
						<Route path="/models/:id">
							{(p) => <ModelDetail key={p.id} id={Number(p.id)} />}
						</Route>
						<Route path="/logs" component={Logs} />
						<Route path="/settings" component={Settings} />
						<Route path="/monitoring" component={Monitoring} />
						<Route path="/about" component={About} />
						<Route component={NotFound} />
					</Switch>
				</Suspense>
			</ErrorBoundary>
		</Shell>
	);
}

function Gate() {
	const { state, check } = useSession();
	switch (state.kind) {
		case "unknown":
			return <PageLoading />;
		case "unreachable":
			return (
				<main className="gate">
					<LoadError error={state.error} retry={() => void check()} />
				</main>
			);
		case "out":
			return (
				<Suspense fallback={<PageLoading />}>
					<SignIn expired={state.expired} />
				</Suspense>
			);
		case "in":
			return <Pages />;
	}
}

export function App() {
	return (
		<ErrorBoundary name="Application" variant="app">
			<QueryClientProvider client={client}>
				<SessionProvider>
					<TitleKeeper />
					<Gate />
					<Toasts />
				</SessionProvider>
			</QueryClientProvider>
		</ErrorBoundary>
	);
}
