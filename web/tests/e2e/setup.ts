import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Imports the real candles for the main job, where the stack's orchctl is
 * named (ORCHCTL, with its options) and the shared files are there. Without
 * them the tests take the demo market.
 */
export default function setup(): void {
	const ctl = process.env.ORCHCTL?.split(" ") ?? [];
	const dir = process.env.ORCH_SHARED_DATA ?? "../../shared/data";
	const file = join(dir, "binance_BTC_USDT-1h-2022_2025.csv");
	const [program, ...options] = ctl;
	if (!program || !existsSync(file)) return;
	// orchctl refuses names of the environment that are no settings.
	const plain = Object.fromEntries(
		Object.entries(process.env).filter(([k]) => !k.startsWith("ORCH_")),
	);
	execFileSync(
		program,
		[
			...options,
			"candles",
			"import",
			"--market",
			"binance:BTC/USDT",
			"--tf",
			"1h",
			"--replace",
			file,
		],
		{ stdio: "inherit", env: plain },
	);
}
