import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import pkg from "./package.json" with { type: "json" };

// During development the pages come from Vite and the data from a server
// that speaks the API: dev/server.mjs, or a real stack named by ORCH_URL.
const backend = process.env.ORCH_URL ?? "http://127.0.0.1:8090";

export default defineConfig({
	plugins: [react()],
	define: { __APP_VERSION__: JSON.stringify(pkg.version) },
	server: {
		host: "127.0.0.1",
		proxy: {
			"/api": backend,
			"/version": backend,
			"/live": { target: backend, ws: true },
		},
	},
	build: {
		target: "es2022",
		manifest: true,
		// A data: URI would need its own exception in the content policy.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		chunkSizeWarningLimit: 400,
		rolldownOptions: {
			output: {
				// What most pages want compresses better in one file than in many.
				codeSplitting: {
					includeDependenciesRecursively: false,
					groups: [
						{
							name: "shared",
							test: /\/src\/(lib|app|components|api)\/(?!sentryClient|main|App|Shell|Palette|DataTable|Dialog)|node_modules\/(@tanstack|wouter|regexparam|use-sync-external-store)\//,
							minShareCount: 7,
						},
					],
				},
			},
		},
	},
});
