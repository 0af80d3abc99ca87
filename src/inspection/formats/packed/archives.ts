/** Archives: a zip is looked into file by file; a tar is known as one, and is not. */

import type { Format } from "../../format.ts";
import { hasBytes, readHead } from "../reading/bytes.ts";
import { isTarHeader, readTarChecksum, TAR_HEADER_BYTES } from "./tar.ts";

/** A zip from its first byte. What is in it decides. */
export const zip: Format = {
  kind: "zip",
  recognise: ({ head }) => hasBytes(head, { bytes: [0x50, 0x4b, 3, 4] }),
  inspect: ({ read, size }, _, scene) => scene.inspectZip(read, size),
};

/** torch's oldest format is a tar of pickles, which it opens under any name. */
export const tar: Format = {
  kind: "tar",
  async recognise(content) {
    if (content.size < TAR_HEADER_BYTES || readTarChecksum(content.head) === undefined) return false;
    return isTarHeader(await readHead(content, TAR_HEADER_BYTES));
  },
  inspect: async (_, note) => note("nested_archive", "an archive that is no zip"),
};
