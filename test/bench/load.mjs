/**
 * The load generator: a process of its own on a core of its own, so that what is measured never waits for what measures.
 *
 * Invariant: one request at a time on each connection, the next one as soon as the answer is complete; every answer has
 * the expected status, or the round is an error. Plain sockets, because an HTTP client costs more than a raw Worker.
 */

import { connect } from "node:net";

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const END_OF_CHUNKS = Buffer.from("0\r\n\r\n");

/** Renders one request once, so that sending it is one write. */
function render({ method = "GET", path, body }) {
  const head = `${method} ${path} HTTP/1.1\r\nHost: registry.test\r\n`;
  if (body === undefined) return Buffer.from(`${head}\r\n`);
  const length = Buffer.byteLength(body);
  return Buffer.from(`${head}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`);
}

/** A keep-alive connection; `send` calls back when the answer is complete. */
function open(port, onBroken) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let answered;
  let head = true;
  let pending = Buffer.alloc(0);
  let status = 0;
  let left = 0;
  let bytes = 0;
  let sample = "";

  const finish = () => {
    const callback = answered;
    answered = undefined;
    head = true;
    pending = Buffer.alloc(0);
    callback(status, bytes, sample);
  };
  socket.on("data", (chunk) => {
    let body = chunk;
    if (head) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const end = pending.indexOf(END_OF_HEAD);
      if (end < 0) return;
      const text = pending.toString("latin1", 0, end);
      status = Number(text.slice(9, 12));
      const length = /\ncontent-length: *(\d+)/i.exec(text);
      left = length ? Number(length[1]) : Number.POSITIVE_INFINITY;
      if (status === 204 || status === 304) left = 0;
      bytes = 0;
      head = false;
      body = pending.subarray(end + END_OF_HEAD.length);
      sample = status >= 400 ? body.toString("latin1").slice(0, 300) : "";
    }
    bytes += body.length;
    left -= body.length;
    // Only JSON comes in chunks, and JSON text holds no CR LF of its own.
    if (left <= 0 || (left === Number.POSITIVE_INFINITY && body.subarray(-5).equals(END_OF_CHUNKS))) finish();
  });
  socket.on("error", onBroken);
  socket.on("close", () => answered && onBroken(new Error("the server closed the connection")));
  return {
    send(request, callback) {
      answered = callback;
      socket.write(request);
    },
    close: () => socket.destroy(),
  };
}

/**
 * Runs one round.
 * @param requests sent in their order; again from the start unless `once`
 * @returns latencies in ms, requests a second, how many requests were used up, and this process's own share of its core
 */
function round({ port, connections, ms, requests, once = false, expect = 200 }) {
  const rendered = requests.map(render);
  return new Promise((resolve, reject) => {
    const latencies = [];
    const opened = [];
    let next = 0;
    let bytes = 0;
    let idle = 0;
    const fail = (error) => {
      for (const connection of opened) connection.close();
      reject(error);
    };
    for (let i = 0; i < connections; i += 1) opened.push(open(port, fail));
    const cpu = process.cpuUsage();
    const started = performance.now();
    const step = (connection) => {
      if (performance.now() - started >= ms || (once && next >= rendered.length)) {
        idle += 1;
        if (idle < connections) return;
        const seconds = (performance.now() - started) / 1000;
        const used = process.cpuUsage(cpu);
        for (const each of opened) each.close();
        latencies.sort((a, b) => a - b);
        const at = (part) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))];
        resolve({
          used: next,
          seconds,
          perSecond: latencies.length / seconds,
          bytesPerSecond: bytes / seconds,
          p50: at(0.5),
          p99: at(0.99),
          generatorBusy: (used.user + used.system) / 1e6 / seconds,
        });
        return;
      }
      const index = next;
      next += 1;
      const sent = performance.now();
      connection.send(rendered[index % rendered.length], (status, length, sample) => {
        latencies.push(performance.now() - sent);
        bytes += length;
        if (status === expect) return step(connection);
        const { method = "GET", path } = requests[index % requests.length];
        fail(new Error(`${method} ${path} answered ${status}, not ${expect}: ${sample}`));
      });
    };
    for (const connection of opened) step(connection);
  });
}

process.on("message", async ({ id, options }) => {
  try {
    process.send({ id, result: await round(options) });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
});
process.on("disconnect", () => process.exit(0));
