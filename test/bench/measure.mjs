/**
 * How two sides are compared on a machine that is never quiet.
 *
 * Invariant: A and B run in short rounds, one right after the other, in an order that alternates; a figure is the median of
 * the ratios pair by pair, so that what slows the machine down for seconds slows both sides of a pair. Preparing a round is
 * never timed.
 */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cores } from "./instance.mjs";

/** Starts the load generator; `round(options)` runs one round there. */
export function startLoad() {
  const script = fileURLToPath(new URL("./load.mjs", import.meta.url));
  const command = [...(cores ? ["taskset", "-c", String(cores.load)] : []), process.execPath, script];
  const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const waiting = new Map();
  let last = 0;
  child.on("message", ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(result);
  });
  child.on("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("the load generator is gone"));
  });
  return {
    round(options) {
      last += 1;
      const id = last;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, options });
      });
    },
    stop: () => child.connected && child.disconnect(),
  };
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * One round of one side: its requests are prepared, then sent, then what they used up is taken off.
 * A side is `{instance, worker, requests(count) => Promise<requests>, once?, used?, expect?}`.
 */
async function roundOf(load, side, connections, ms, count) {
  const requests = await side.requests(count);
  const before = side.instance.cpuSeconds();
  const result = await load.round({
    port: side.instance.ports[side.worker],
    connections,
    ms,
    requests,
    once: side.once,
    expect: side.expect,
  });
  const after = side.instance.cpuSeconds();
  side.used?.(result.used);
  const cpuMicros = before === undefined ? undefined : ((after - before) / result.used) * 1e6;
  return { ...result, cpuMicros };
}

/**
 * Measures A against B.
 * @param options rounds of each, their length in ms, and requests to have ready for each of them (for what is used up)
 */
export async function compare(load, a, b, connections, { rounds, ms, ready = 0 }) {
  const warmUp = Math.min(ms, 300);
  const enough = Math.ceil((ready * warmUp) / ms);
  for (const side of [a, b]) await roundOf(load, side, connections, warmUp, enough);
  const pairs = [];
  for (let i = 0; i < rounds; i += 1) {
    const pair = {};
    for (const name of i % 2 === 0 ? ["a", "b"] : ["b", "a"]) {
      pair[name] = await roundOf(load, name === "a" ? a : b, connections, ms, ready);
    }
    pairs.push(pair);
  }
  const ratios = (figure) => spreadOf(pairs.map((pair) => pair.a[figure] / pair.b[figure]));
  const medians = (side) =>
    Object.fromEntries(
      ["p50", "p99", "perSecond", "bytesPerSecond", "cpuMicros", "generatorBusy"].map((figure) => [
        figure,
        median(pairs.map((pair) => pair[side][figure])),
      ]),
    );
  return {
    connections,
    a: medians("a"),
    b: medians("b"),
    p50: ratios("p50"),
    perSecond: ratios("perSecond"),
    bytesPerSecond: ratios("bytesPerSecond"),
    cpu: ratios("cpuMicros"),
  };
}

function spreadOf(ratios) {
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios), ratios };
}
