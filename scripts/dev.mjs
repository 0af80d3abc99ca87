/**
 * `npm run dev`: the registry on local D1 and R2, with migrations applied, open to everyone on this machine.
 * Flags are handed on to `wrangler dev`; `--persist-to` also says where the migrations go.
 */

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";

const flags = process.argv.slice(2);
const env = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  ...process.env,
};

// Download links need a key. This one is made once, for this checkout, in a file that git ignores.
const secrets = new URL("../.dev.vars", import.meta.url);
if (!existsSync(secrets)) writeFileSync(secrets, `SIGNING_KEY=${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });

/** Runs wrangler, passes signals on, and gives its exit code. */
function wrangler(args, stdin) {
  const child = spawn("wrangler", args, {
    stdio: [stdin, "inherit", "inherit"],
    env,
    shell: process.platform === "win32",
  });
  const stop = (signal) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => {
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

// A parent that is killed outright takes this process along, so that the port is free again.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
}, 1000).unref();

// With its input closed, wrangler applies migrations without asking.
const migrated = await wrangler(["d1", "migrations", "apply", "DB", "--local", ...persistTo()], "ignore");
explainHosts();
process.exitCode =
  migrated || (await wrangler(["dev", "--var", "AUTH:off", "--var", "RATE_LIMITS:off", ...flags], "inherit"));
