/**
 * The zip that torch.save and TorchScript write: one directory with a pickle, and the memory of its tensors in files beside it.
 *
 * Source: torch's `PyTorchStreamWriter`, versions 1.4 to 2.13.
 */

import type { ArchiveFormat } from "../format.ts";

/** Readers compare names without regard to case. */
const PICKLE = /^([^/]+)\/data\.pkl$/i;
const STORAGE = /^[^/]+\/data\/\d{1,10}$/;
const PROGRAM = /^[^/]+\/(?:code\/|constants\.pkl$)/i;

export const torchZip: ArchiveFormat = {
  kind: "torch",

  recognise(paths) {
    const top = paths.map((path) => PICKLE.exec(path)?.[1]).find((name) => name !== undefined);
    if (top === undefined) return false;
    return paths.every((path) => path.startsWith(`${top}/`)) && paths.includes(`${top}/version`);
  },

  inspect(paths, note) {
    // what torch.jit.load runs
    if (paths.some((path) => PROGRAM.test(path))) note("torchscript", "a program of TorchScript");
  },

  ownModules: /^[^/]+\/code\/__torch__/,

  rawKind: (path) => (STORAGE.test(path) ? "torch-storage" : undefined),
};

/** Readers of torch look for these below whatever directory the archive has at its top. */
const EXPORTED = /(?:^|\/)(?:archive_format|serialized_exported_program\.json)$/i;

/**
 * The zip that torch.export.save writes. Its program is JSON, whose expressions `torch.export.load` evaluates.
 *
 * Source: torch's `torch/export/pt2_archive`, and `torch.export.save` of 2.1 to 2.6.
 */
export const torchExport: ArchiveFormat = {
  kind: "torch-export",
  recognise: (paths) => paths.some((path) => EXPORTED.test(path)),
  inspect(_, note) {
    note("opaque_format", "a program of torch.export, whose expressions are evaluated when it is loaded");
  },
  rawKind: () => undefined,
};
