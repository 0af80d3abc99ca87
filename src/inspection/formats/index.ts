/**
 * All formats, in the order in which they are asked.
 *
 * Invariant: what can run or hold code is asked before what cannot, and fixed bytes before guesses. Of two formats that the
 * same bytes could be, the more harmful one comes first. A pickle can begin as a GIF, a BMP or GGUF does and be one to its
 * last byte, so that pickles must be asked before all of these. Texts come last: they have no bytes of their own.
 */

import type { ArchiveFormat, FileContent, Format } from "../format.ts";
import { hasUserBlock, hdf5, hdf5BehindUserBlock } from "./keras/hdf5.ts";
import { avi, bmp, gif, icon, idx, jpeg, netpbm, png, wav, webp } from "./media/pictures.ts";
import { aiff, au, flac, mp3, mp4, ogg, webm } from "./media/sound-and-video.ts";
import { npy } from "./npy.ts";
import { tar, zip } from "./packed/archives.ts";
import { gzip, zlib } from "./packed/deflated.ts";
import { pickle } from "./pickle.ts";
import { archive, compressed, foreignFormat, machineCode, tensorflowGraph } from "./programs/opaque.ts";
import { arrowFile, arrowStream } from "./tables/arrow.ts";
import { parquet } from "./tables/parquet.ts";
import { tfrecord } from "./tables/tfrecord.ts";
import { gguf } from "./tensors/gguf.ts";
import { msgpack } from "./tensors/msgpack.ts";
import { onnx } from "./tensors/onnx.ts";
import { safetensors } from "./tensors/safetensors.ts";
import { sentencepiece } from "./tensors/sentencepiece.ts";
import { document } from "./text/document.ts";
import { json, jsonLines, kerasConfig, notebook } from "./text/json.ts";
import { plainText } from "./text/plain.ts";
import { torchExport, torchZip } from "./torch-zip.ts";

/**
 * A format of bytes that anything can be hidden behind. HDF5 may begin behind a user block, and Keras opens it whatever the
 * file is called: only under the format's own names nobody would.
 */
function guarded(format: Format, names: RegExp): Format {
  return {
    kind: format.kind,
    recognise: (content: FileContent) => format.recognise(content),
    async inspect(content, note, scene) {
      await format.inspect(content, note, scene);
      if (names.test(scene.name) || !(await hasUserBlock(content))) return;
      note("polyglot", `${format.kind} that is HDF5 as well`);
    },
  };
}

/** A format that is asked before tar is. torch's oldest loader, and NeMo's, try a tar first, whatever else a file is. */
function beforeTar(format: Format): Format {
  return {
    kind: format.kind,
    recognise: (content: FileContent) => format.recognise(content),
    async inspect(content, note, scene) {
      await format.inspect(content, note, scene);
      if (await tar.recognise(content)) note("polyglot", `${format.kind} that is a tar as well`);
    },
  };
}

/** Kinds of files that are looked into, or known for what cannot be. */
export const FORMATS: readonly Format[] = [
  // before everything: a file can be a picture or a tensor and a pickle at once
  beforeTar(pickle),
  beforeTar(npy),
  beforeTar(zip),
  tar,
  hdf5,
  // its header length may look like the first bytes of something else (256 is that of a TrueType font)
  guarded(safetensors, /\.safetensors$/),
  machineCode,
  archive,
  compressed,
  foreignFormat,
  gzip,
  // fixed bytes at the beginning
  guarded(gguf, /\.gguf$/),
  guarded(png, /\.png$/),
  guarded(jpeg, /\.(?:jpe?g|jfif)$/),
  guarded(gif, /\.gif$/),
  guarded(webp, /\.webp$/),
  guarded(wav, /\.wav$/),
  guarded(avi, /\.avi$/),
  guarded(flac, /\.flac$/),
  guarded(ogg, /\.(?:ogg|oga|ogv|opus|spx)$/),
  guarded(mp4, /\.(?:mp4|m4[avb]|mov|3gp|3g2|heic|heif|avif|f4v)$/),
  guarded(webm, /\.(?:webm|mkv|mka)$/),
  guarded(aiff, /\.aif[fc]?$/),
  guarded(au, /\.(?:au|snd)$/),
  guarded(parquet, /\.parquet$/),
  guarded(arrowFile, /\.(?:arrow|feather|ipc)$/),
  guarded(arrowStream, /\.(?:arrow|arrows|ipc)$/),
  // a structure that holds to the last byte
  guarded(bmp, /\.bmp$/),
  guarded(icon, /\.(?:ico|cur)$/),
  guarded(netpbm, /\.p[gpn]m$/),
  guarded(idx, /-ubyte$|\.idx$/),
  guarded(tfrecord, /\.tfrecords?$|tfrecord-\d+-of-\d+$/),
  guarded(onnx, /\.onnx$/),
  tensorflowGraph,
  guarded(sentencepiece, /\.(?:model|spm)$/),
  guarded(msgpack, /\.msgpack$/),
  zlib,
  guarded(mp3, /\.mp3$/),
  // texts
  document,
  kerasConfig,
  notebook,
  json,
  jsonLines,
  plainText,
  hdf5BehindUserBlock,
];

/** Kinds of archives whose members mean something together. */
export const ARCHIVE_FORMATS: readonly ArchiveFormat[] = [torchExport, torchZip];
