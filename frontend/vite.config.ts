import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root,
  base: "/static/",
  publicDir: "public",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    chunkSizeWarningLimit: 800, // the blosc and zstd decompressors, loaded only when a chunk needs them
    modulePreload: { polyfill: false },
    rolldownOptions: { input: "islands/main.ts" },
  },
  worker: { format: "es" },
  server: { host: "127.0.0.1", port: 5173, strictPort: true, cors: { origin: /^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/ } },
  // No test waits for a clock; the time-out only ends one that hangs, however busy the machine is.
  test: { environment: "node", include: ["islands/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
});
