/**
 * `npm run dev`: the registry on local D1 and R2, with migrations applied, open to everyone on this machine.
 * Flags are handed on to `wrangler dev`; `--persist-to` also says where the migrations go.
 *
 * Of what wrangler prints before the registry answers only warnings and errors are shown; all of it if it fails, or if
 * `--log-level` is given.
 */

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { requireNode } from "./node-version.mjs";

requireNode();
const flags = process.argv.slice(2);
const env = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  ...(process.stdout.isTTY && { FORCE_COLOR: "1" }),
  ...process.env,
};

// Download links need a key. This one is made once, for this checkout, in a file that git ignores.
const secrets = new URL("../.dev.vars", import.meta.url);
if (!existsSync(secrets)) writeFileSync(secrets, `SIGNING_KEY=${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });

/**
 * Runs wrangler and passes signals on.
 * @param stdio what the child gets for its three streams; `onOutput` is given what it writes to those that are pipes
 * @returns its exit code; 0 if a signal ended it
 */
function wrangler(args, stdio, onOutput) {
  const child = spawn("wrangler", args, { stdio, env, shell: process.platform === "win32" });
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", onOutput);
  const stop = (signal) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(name, stop);
      resolve(signal ? 0 : (code ?? 1));
    });
  });
}

/** The values of `--persist-to`, in both spellings. */
function persistTo() {
  const at = flags.findIndex((flag) => flag === "--persist-to" || flag.startsWith("--persist-to="));
  if (at < 0) return [];
  return flags[at].includes("=") ? [flags[at]] : flags.slice(at, at + 2);
}

/** The value of a flag, in both spellings. */
function flagValue(name) {
  const at = flags.findLastIndex((flag) => flag === name || flag.startsWith(`${name}=`));
  if (at < 0) return undefined;
  return flags[at].includes("=") ? flags[at].slice(name.length + 1) : flags[at + 1];
}

/** Says which hosts an open registry answers for, where the flags make that matter. */
function explainHosts() {
  const ip = flagValue("--ip");
  if (ip !== undefined && !/^(?:127\.|localhost$|::1$)/.test(ip)) {
    process.stdout.write(
      `The registry listens on ${ip} and is open to everyone who reaches it, but answers for localhost only.\n` +
        'For other host names or addresses: npm run dev -- --ip ... --var "ALLOWED_HOSTS:localhost 127.0.0.1 <name>"\n',
    );
  }
  for (const flag of ["--host", "--local-upstream"]) {
    const host = flagValue(flag);
    if (host === undefined) continue;
    process.stdout.write(
      `${flag} makes every request look like one for ${host}, so ALLOWED_HOSTS cannot refuse any: web pages may reach ` +
        "this registry by DNS rebinding.\n",
    );
  }
}

/** Applies migrations, in one line of output if it succeeds. Returns wrangler's exit code. */
async function migrate() {
  let output = "";
  // With its input closed, wrangler applies migrations without asking.
  const args = ["d1", "migrations", "apply", "DB", "--local", ...persistTo()];
  const code = await wrangler(args, ["ignore", "pipe", "pipe"], (text) => {
    output += text;
  });
  const applied = new Set(output.match(/\b\d{4}_\w+\.sql\b/g)).size;
  if (code !== 0) process.stderr.write(output);
  else process.stdout.write(applied > 0 ? `Database: ${applied} migrations applied.\n` : "Database: up to date.\n");
  return code;
}

/** Runs `wrangler dev`. Once it is ready, says where the registry is and what to try; from then on its log is shown. */
async function serve() {
  const args = ["dev", "--var", "AUTH:off", "--var", "RATE_LIMITS:off", ...flags];
  const isVerbose = flags.some((flag) => flag.startsWith("--log-level"));
  if (isVerbose) return wrangler(args, "inherit");
  let held = "";
  let isReady = false;
  const code = await wrangler(args, ["inherit", "pipe", "pipe"], (text) => {
    if (isReady) return process.stdout.write(text);
    held += text;
    const [line, address] = /.*Ready on (https?:\/\/\S+).*\n/.exec(stripVTControlCharacters(held)) ?? [];
    if (!line || !address) return undefined;
    isReady = true;
    for (const problem of problemsIn(stripVTControlCharacters(held))) process.stdout.write(`${problem}\n`);
    return process.stdout.write(welcome(address.replace(/\/\/(?:0\.0\.0\.0|\[::\])/, "//localhost")));
  });
  if (!isReady) process.stderr.write(held);
  return code;
}

/** The warnings and errors in wrangler's output. That crons do not run by themselves locally is no news: the README says it. */
function problemsIn(output) {
  return output
    .split(/^(?=\S+ \[(?:WARNING|ERROR)\])/m)
    .filter((block) => /^\S+ \[/.test(block))
    .map((block) => (block.split(/\n{3}|^⎔/m)[0] ?? "").trimEnd())
    .filter((block) => !block.includes("Scheduled Workers are not automatically triggered"));
}

/** The first thing to read: addresses, and a command to try. */
function welcome(address) {
  const isClosed = flags.some((flag) => /^(?:--var=)?AUTH:required$/.test(flag));
  const first = isClosed
    ? `-X PUT ${address}/authenticate --json '{"user":{"name":"admin","is_admin":true},"secret":{"password":"..."}}'`
    : `${address}/artifact/model --json '{"url":"Qwen/Qwen2.5-0.5B-Instruct"}'`;
  return (
    `Registry: ${address} - documentation: ${address}/docs - OpenAPI: ${address}/openapi.json\n` +
    `Try: curl -s ${first}\n`
  );
}

// A parent that is killed outright takes this process along, so that the port is free again.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
}, 1000).unref();

const migrated = await migrate();
explainHosts();
process.exitCode = migrated || (await serve());
