/** What we use of two packages that ship no types. */

declare module "spdx-expression-parse" {
  /** A leaf: `plus` is a trailing `+`, `exception` what follows `WITH`. */
  export interface LicenseNode {
    license: string;
    plus?: true;
    exception?: string;
  }
  export interface ConjunctionNode {
    left: ExpressionNode;
    conjunction: "and" | "or";
    right: ExpressionNode;
  }
  export type ExpressionNode = LicenseNode | ConjunctionNode;
  /** Throws on anything that is no SPDX expression; ids are case-sensitive. */
  export default function parse(source: string): ExpressionNode;
}

declare module "spdx-license-ids/index.json" {
  const ids: string[];
  export default ids;
}
