/** Documents that a viewer runs or follows: HTML, SVG, other XML, PDF, RTF, PostScript, the old formats of Office. */

import type { FileContent, Format } from "../../format.ts";
import { hasBytes, latin1 } from "../reading/bytes.ts";
import { textOf } from "../reading/text.ts";

const MARKUP =
  /^\s*(?:<!--[\s\S]{0,2000}?-->\s*)?<(?:\?xml|!doctype|html|head|body|script|svg|xsl:|x?hta:|iframe|style)/i;

export const document: Format = {
  kind: "document",
  async recognise(content) {
    const { head } = content;
    if (latin1(head).includes("%PDF-")) return true;
    if (hasBytes(head, { bytes: "{\\rtf" }) || hasBytes(head, { bytes: "%!PS" })) return true;
    if (hasBytes(head, { bytes: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] })) return true;
    return isMarkup(content);
  },
  async inspect(_, note) {
    note("active_document", "a document that may hold scripts or refer to others");
  },
};

async function isMarkup(content: FileContent): Promise<boolean> {
  const read = await textOf(content);
  return read.kind === "text" && MARKUP.test(read.text.slice(0, 4096));
}
