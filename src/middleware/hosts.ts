/**
 * Which host names an open registry answers for.
 *
 * With `AUTH=off` the only thing between a web page and the registry is the browser's same-origin policy. DNS rebinding gets
 * around it: the page's own name resolves to 127.0.0.1 the second time, so its requests are same-origin. What it cannot change
 * is the name in them.
 */

import { createMiddleware } from "hono/factory";
import { RegistryError } from "../errors.ts";
import type { RouteEnv } from "../routes/router.ts";

/** Names that mean this machine, whatever a name server says (RFC 6761). */
const LOCAL = ["localhost", "*.localhost"];
/** 127.0.0.0/8 and ::1, as `URL` spells them. */
const LOOPBACK = /^127(\.\d{1,3}){3}$|^\[::1\]$/;

const overBinding = new WeakSet<Request>();

/** Marks a request that another Worker sends over its binding: its host is made up by the caller, and no page can send it. */
export function fromBinding(request: Request): Request {
  overBinding.add(request);
  return request;
}

/**
 * Whether a host is one of those that are allowed.
 * @param hostname as `URL` gives it: lower case, without a port
 * @param allowed host names, `*.example.com` for all below one, `*` for any; undefined for those of this machine
 */
export function isAllowedHost(hostname: string, allowed: readonly string[] | undefined): boolean {
  if (allowed === undefined && LOOPBACK.test(hostname)) return true;
  return (allowed ?? LOCAL).some(
    (host) => host === "*" || host === hostname || (host.startsWith("*.") && hostname.endsWith(host.slice(1))),
  );
}

/** With `AUTH=off`: refuses requests for hosts that `ALLOWED_HOSTS` does not name, before anything else is looked at. */
export const guardHosts = createMiddleware<RouteEnv>(async (c, next) => {
  const { auth, allowedHosts } = c.var.ctx.config;
  if (auth === "off" && !overBinding.has(c.req.raw)) {
    const { hostname } = new URL(c.req.url);
    if (!isAllowedHost(hostname, allowedHosts)) {
      throw new RegistryError(
        "host_not_allowed",
        `This open registry does not answer for the host ${hostname.slice(0, 253)}: name it in the setting ALLOWED_HOSTS.`,
        { headers: { "X-Error-Code": "host_not_allowed" } },
      );
    }
  }
  await next();
});
