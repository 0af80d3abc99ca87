/**
 * Serves the offline hub on one loopback port: `node test/hub/serve.mjs [--port 8790] [--token hub-token]`.
 *
 * Invariant: what the hub streams is neither buffered nor read on after the client has gone, and a body that ends short of
 * its Content-Length closes the connection, as a lost upstream would.
 */

import { createServer } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { requireNode } from "../../scripts/node-version.mjs";

requireNode(); // before anything is loaded that an older one cannot read
const { createHub } = await import("./hub.ts");
const { listing } = await import("./listing.ts");

const { values } = parseArgs({ options: { port: { type: "string", default: "8790" }, token: { type: "string" } } });
const origin = `http://127.0.0.1:${values.port}`;
const hub = createHub({ origin, ...(values.token ? { token: values.token } : {}) });

/**
 * @param {import("node:http").IncomingMessage} incoming
 * @param {import("node:http").ServerResponse} outgoing
 */
async function answer(incoming, outgoing) {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2)
    headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
  const body = incoming.method === "POST" ? await buffer(incoming) : null;
  const request = new Request(origin + incoming.url, { method: incoming.method, headers, body, signal: gone.signal });
  const response = await hub.fetch(request);
  if (gone.signal.aborted) return response.body?.cancel();
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body) await pipeline(Readable.fromWeb(response.body), outgoing);
  else outgoing.end();
}

const server = createServer((incoming, outgoing) => {
  answer(incoming, outgoing).catch((error) => {
    // A client that left early, or a fault that tore its own body: both end the connection and neither is news.
    if (!outgoing.headersSent) process.stderr.write(`${incoming.method} ${incoming.url}: ${error}\n`);
    outgoing.destroy();
  });
});
server.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  if ("code" in error && error.code === "EADDRINUSE") {
    process.stderr.write("Another port: npm run hub -- --port 8791 (and the same in the registry's two --var)\n");
  }
  process.exitCode = 1;
});
server.listen(Number(values.port), "127.0.0.1", () => {
  process.stdout.write(listing(origin));
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
