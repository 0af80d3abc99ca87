/**
 * What a token looks like: `hf_tmr_<id>_<secret>`. The id is public, names the row and says what kind of token it is; the
 * secret is 32 random bytes, of which only a digest is kept. `tmr_` lets scanners for leaked secrets recognise the token;
 * `hf_` comes first because `@huggingface/hub` refuses to send a token without it. Tokens issued before that change begin
 * with `tmr_` and stay valid: both spellings name the same row.
 */

import { textSha256Hex, toBase64Url, toHex } from "../lib/hash.ts";
import { TOKEN_SECRET_BYTES } from "../limits.ts";

/** `session`: made with a password, and counted; `token`: long-lived, for a machine. */
export type TokenKind = "session" | "token";

/** The parts of a token. */
export interface TokenParts {
  id: string;
  kind: TokenKind;
  secret: string;
}

/** The syntax of the public part. */
export const TOKEN_ID = /^[st][0-9a-f]{16}$/;

const TOKEN = /^(?:hf_)?tmr_([st][0-9a-f]{16})_([\w-]{43})$/;

/** A new token. */
export function createToken(kind: TokenKind): TokenParts & { text: string } {
  const id = (kind === "session" ? "s" : "t") + toHex(crypto.getRandomValues(new Uint8Array(8)));
  const secret = toBase64Url(crypto.getRandomValues(new Uint8Array(TOKEN_SECRET_BYTES)));
  return { id, kind, secret, text: `hf_tmr_${id}_${secret}` };
}

/** The parts of what somebody says is a token; undefined for what none of ours looks like. */
export function readToken(text: string): TokenParts | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  return { id, kind: kindOf(id), secret };
}

/** What kind of token an id is of. */
export function kindOf(id: string): TokenKind {
  return id.startsWith("s") ? "session" : "token";
}

/**
 * The digest that is kept of a secret. `bond` is what the token stands and falls with besides its row: the first
 * administrator's tokens are bound to the secrets ADMIN_USER and ADMIN_PASSWORD, and dead when either is changed. The secret
 * keeps the digest from being a way to guess the password.
 */
export function digestOf(secret: string, bond = ""): Promise<string> {
  return textSha256Hex(`${secret}${bond}`);
}
