/** Types of Arrow that a schema names beside Arrow's own. */

import type { Note } from "../../format.ts";
import { latin1 } from "../reading/bytes.ts";

/**
 * Notes extension types. `arrow.py_extension_type` is a pickle that PyArrow before 14.0.1 loads as it reads the schema
 * (CVE-2023-47248); what others do is up to who registered them.
 *
 * A schema's texts stand in it as plain bytes, so that they are found without following its structure.
 */
export function noteExtensions(schema: Uint8Array, note: Note): void {
  const text = latin1(schema);
  if (text.includes("arrow.py_extension_type")) note("arrow_pickle", "a type of Arrow that is a pickle");
  else if (text.includes("ARROW:extension:")) note("opaque_format", "a type that Arrow does not have of its own");
}
