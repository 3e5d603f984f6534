import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
	plugins: [react()],
	define: { __APP_VERSION__: JSON.stringify("0.0.0-test") },
	test: {
		environment: "happy-dom",
		include: ["tests/unit/**/*.test.{ts,tsx}"],
		setupFiles: ["tests/unit/setup.ts"],
		maxWorkers: 1,
		unstubGlobals: true,
		restoreMocks: true,
	},
});
