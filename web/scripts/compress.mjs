// Writes file.gz beside every text asset, for nginx's gzip_static.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { constants, gzipSync } from "node:zlib";

const TEXT = new Set([".html", ".js", ".css", ".svg", ".json", ".webmanifest"]);
const dist = new URL("../dist", import.meta.url).pathname;

for (const name of readdirSync(dist, { recursive: true })) {
	const file = join(dist, String(name));
	if (!statSync(file).isFile() || !TEXT.has(extname(file))) continue;
	const data = readFileSync(file);
	if (data.length < 512) continue;
	const gz = gzipSync(data, { level: constants.Z_BEST_COMPRESSION });
	if (gz.length < data.length) writeFileSync(`${file}.gz`, gz);
}
