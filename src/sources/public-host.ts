/**
 * Which hosts somebody on the internet may make us call.
 *
 * Invariant: what passes here is a name with a public suffix, never an address, never a name that only means something
 * inside a network. It looks at the name alone; the platform's `global_fetch_strictly_public` covers what it resolves to.
 */

const PRIVATE_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "home.arpa",
  "onion",
  "metadata.goog",
] as const;

const PUBLIC_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]+)$/;

/** Whether a host is `suffix` or lies below it. */
export function isWithin(host: string, suffix: string): boolean {
  return host === suffix || host.endsWith(`.${suffix}`);
}

/**
 * Why a URL must not be called, or undefined if it may be. Expects a parsed URL, in which every spelling of an address
 * (decimal, octal, hex, short, v4-mapped) has become its plain form.
 */
export function refusePrivate(url: URL): string | undefined {
  const host = url.hostname;
  if (url.protocol !== "https:") return "only https is allowed";
  if (url.username !== "" || url.password !== "") return "user information is not allowed";
  if (url.port !== "") return "only port 443 is allowed";
  if (host.startsWith("[") || /^[\d.]+$/.test(host)) return "an IP address is not allowed";
  if (host.endsWith(".")) return "a host that ends in a dot is not allowed";
  if (PRIVATE_SUFFIXES.some((suffix) => isWithin(host, suffix))) return "the host is not public";
  if (!PUBLIC_NAME.test(host)) return "the host is not a public name";
  return undefined;
}
