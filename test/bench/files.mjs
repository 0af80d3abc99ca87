/**
 * One file out of a bundle against the bare ranged read of the same bytes: large, where bytes count, and small, where what
 * comes before them does.
 */

import { compare } from "./measure.mjs";

const OBJECT_BYTES = 20 * 1024 * 1024;
/** Files of the bundle; each index page holds 500. The measured ones stand on the second page. */
const FILES = 1200;
const LARGE = { path: "g-large.safetensors", dataOffset: 4096, size: OBJECT_BYTES - 8192 };
const SMALL = { path: "g-small.json", dataOffset: 1024, size: 2048 };

/** Makes an artifact's bundle one of many files, and measures. Gives figures for the report. */
export async function measureFiles(load, { instance, sides, size }, { rounds, seconds, goal }) {
  const [{ id, type }] = await sides.victims.ofProduct(1);
  sides.victims.used("product", 1);
  const key = `artifacts/${type}/${id}.zip`;
  await instance.setup("/objects", { keys: [key], size: OBJECT_BYTES });
  const others = Array.from({ length: FILES - 2 }, (_, at) => ({
    path: `f${at < FILES / 2 ? "" : "z"}-${String(at).padStart(4, "0")}.bin`,
    dataOffset: 64 * at,
    size: 64,
  }));
  const files = [...others, LARGE, SMALL]
    .map((file) => ({ ...file, method: 0, compressedSize: file.size, crc32: 0, sha256: "0".repeat(64) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const pages = Array.from({ length: Math.ceil(FILES / 500) }, (_, page) => files.slice(page * 500, (page + 1) * 500));
  const sql = "INSERT INTO bundle_index (artifact_id, first_path, entries) VALUES (?1, ?2, ?3)";
  const statements = pages.map((page) => ({ sql, values: [Number(id), page[0].path, JSON.stringify(page)] }));
  await instance.setup("/sql", { database: "DB", statements });

  const side = (worker, path) => ({ instance, worker, requests: async () => [{ path }] });
  const against = (file, connections) =>
    compare(
      load,
      side("product", `/artifacts/${type}/${id}/files/${file.path}`),
      side("floor", `/object/${encodeURIComponent(key)}/${file.dataOffset}/${file.size}`),
      connections,
      { rounds, ms: seconds * 1000 },
    );
  const rate = ({ bytesPerSecond }) => `${Math.round(bytesPerSecond / 1e6)} MB/s`;
  const large = await against(LARGE, 1);
  const small = await against(SMALL, 1);
  return [
    {
      name: "one file of 20 MB / bare ranged read",
      size,
      value: Number(large.bytesPerSecond.median.toFixed(2)),
      goal,
      atLeast: true,
      note: `${rate(large.a)}, bare ${rate(large.b)}`,
    },
    {
      name: "one file of 2 kB, p50 / bare ranged read",
      size,
      value: Number(small.p50.median.toFixed(2)),
      note: "beside it: one D1 read of an index page, the audit",
    },
  ];
}
