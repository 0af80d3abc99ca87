/** Digests of bodies as clients send them: RFC 9530, and the header that is easier to write. */

/**
 * The SHA-256, in lower-case hex, that a request says of its body: `Repr-Digest` or `Content-Digest` (`sha-256=:base64:`) or
 * `X-Content-SHA256` (hex). Other algorithms are passed over, as the RFC asks.
 *
 * @returns undefined if it says none; `malformed` for what is none, or for several that differ
 */
export function readDigest(headers: Pick<Headers, "get">): string | undefined | "malformed" {
  const plain = headers.get("X-Content-SHA256")?.trim().toLowerCase();
  const digests = [headers.get("Repr-Digest"), headers.get("Content-Digest")].flatMap(fieldDigests);
  if (plain !== undefined) digests.push(/^[0-9a-f]{64}$/.test(plain) ? plain : "malformed");
  return new Set(digests).size > 1 ? "malformed" : digests[0];
}

function fieldDigests(field: string | null): string[] {
  return (field ?? "").split(",").flatMap((member) => {
    const [, value] = /^\s*sha-256\s*=\s*(.*?)\s*$/i.exec(member) ?? [];
    if (value === undefined) return [];
    const [, base64] = /^:([A-Za-z0-9+/]{43}=):$/.exec(value) ?? [];
    return [base64 === undefined ? "malformed" : base64ToHex(base64)];
  });
}

function base64ToHex(base64: string): string {
  return [...atob(base64)].map((char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}
