/** The part of node:crypto that is used here, as of node:zlib. */
declare module "node:crypto" {
  export function createHash(algorithm: "sha256" | "sha1"): {
    update(data: Uint8Array): void;
    digest(encoding: "hex"): string;
  };
}
