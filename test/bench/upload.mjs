/**
 * `node test/bench/upload.mjs [--megabytes 1000] [--part 32]`: how fast a zip is uploaded in parts, looked into and settled, and
 * what that takes of memory, beside a bare Worker that hands the same parts to the bucket, reads the whole back into one digest
 * and looks into nothing. Both run in plain workerd; parts are sent one after the other.
 */

import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { request } from "node:http";
import { parseArgs } from "node:util";
import { crc32 } from "node:zlib";
import { bundle, makeStateDirectory, start } from "./instance.mjs";
import { migrate, openMemory, peakDuring, print } from "./isolate.mjs";

const { values: flags } = parseArgs({
  options: { megabytes: { type: "string", default: "1000" }, part: { type: "string", default: "32" } },
});
const partBytes = Number(flags.part) * 1024 * 1024;
const MEGABYTE = 1_000_000;

/** A megabyte that is not all the same; the one file of the zip is so many of it. */
const BLOCK = Buffer.from(Uint8Array.from({ length: MEGABYTE }, (_, i) => (i * 31 + (i >> 8)) % 251));

/** A zip of one stored file, as a head, blocks and a tail: it is never whole in memory here either. */
function layOut(blocks) {
  const name = Buffer.from("data-0.bin.zst");
  const size = blocks * BLOCK.length;
  let crc = 0;
  for (let block = 0; block < blocks; block += 1) crc = crc32(BLOCK, crc);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(10, 0);
  fields.writeUInt16LE(0x21, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(size, 14);
  fields.writeUInt32LE(size, 18);
  fields.writeUInt16LE(name.length, 22);
  const head = Buffer.concat([Buffer.from("PK\x03\x04"), fields, name]);
  const madeBy = Buffer.from([10, 0]);
  const entry = Buffer.concat([Buffer.from("PK\x01\x02"), madeBy, fields, Buffer.alloc(14), name]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(entry.length, 8);
  end.writeUInt32LE(head.length + size, 12);
  const tail = Buffer.concat([entry, Buffer.from("PK\x05\x06"), end]);
  return { head, blocks, tail, size: head.length + size + tail.length };
}

/** The bytes of the zip from one place to another, in pieces. */
function* bytesOf({ head, blocks, tail }, from, to) {
  let at = 0;
  for (let piece = -1; piece <= blocks && at < to; piece += 1) {
    const bytes = piece < 0 ? head : piece < blocks ? BLOCK : tail;
    if (at + bytes.length > from) yield bytes.subarray(Math.max(0, from - at), Math.max(0, to - at));
    at += bytes.length;
  }
}

/** Sends a body in pieces, with its length. */
async function send(port, method, path, pieces, length) {
  const headers = { "content-length": length };
  const answering = Promise.withResolvers();
  const sending = request({ host: "127.0.0.1", port, method, path, headers }, answering.resolve);
  sending.on("error", answering.reject);
  for (const piece of pieces) {
    if (!sending.write(piece)) await new Promise((resolve) => sending.once("drain", resolve));
  }
  sending.end();
  const answer = await answering.promise;
  const text = Buffer.concat(await answer.toArray()).toString();
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
  return JSON.parse(text);
}

function post(port, path, body) {
  const text = Buffer.from(JSON.stringify(body));
  return send(port, "POST", path, [text], text.length);
}

async function sendParts(zip, put) {
  const tags = [];
  for (let from = 0; from < zip.size; from += partBytes) {
    const to = Math.min(from + partBytes, zip.size);
    tags.push(await put(tags.length + 1, bytesOf(zip, from, to), to - from));
  }
  return tags;
}

async function measureFloor({ ports: { take } }, zip) {
  const began = performance.now();
  const { upload } = await post(take, "/start", {});
  const parts = await sendParts(zip, (number, pieces, length) =>
    send(take, "PUT", `/part/${upload}/${number}`, pieces, length),
  );
  await post(take, `/complete/${upload}`, { parts });
  return { bytes: zip.size, ms: performance.now() - began };
}

/** Uploads the zip as content of a new artifact; `sent`: milliseconds until its last part had arrived. */
async function measure({ ports: { product } }, zip, sha256) {
  const began = performance.now();
  const { id } = await post(product, "/artifact/dataset/upload", { name: "bench" });
  const uploads = `/artifacts/dataset/${id}/content/uploads`;
  const { upload_id } = await post(product, uploads, { size: zip.size, part_size: partBytes });
  await sendParts(zip, (number, pieces, length) =>
    send(product, "PUT", `${uploads}/${upload_id}/parts/${number}`, pieces, length),
  );
  const sent = performance.now() - began;
  await post(product, `${uploads}/${upload_id}/complete`, { sha256 });
  return { bytes: zip.size, ms: performance.now() - began, sent };
}

function digestOf(zip) {
  const hash = createHash("sha256");
  for (const piece of bytesOf(zip, 0, zip.size)) hash.update(piece);
  return hash.digest("hex");
}

const [small, large] = [layOut(6), layOut(Number(flags.megabytes))];
const state = makeStateDirectory();
let instance;
let memory;
try {
  instance = await start(
    "upload",
    state,
    {
      product: { script: await bundle("src/index.ts"), vars: { RATE_LIMITS: "off" } },
      take: { script: await bundle("test/bench/workers/take.mjs") },
    },
    { inspected: true },
  );
  memory = await openMemory(instance.miniflare, "product");
  await migrate(instance.miniflare);
  await measure(instance, small, digestOf(small));
  print("bare upload", await measureFloor(instance, large));
  const sha256 = digestOf(large);
  const uploaded = await peakDuring(memory, () => measure(instance, large, sha256));
  print("upload", uploaded);
  const [sending, completing] = [uploaded.sent, uploaded.ms - uploaded.sent].map((ms) => (ms / 1000).toFixed(1));
  process.stdout.write(`  sending ${sending} s, reading back, looking into it and settling ${completing} s\n`);
} finally {
  memory?.close();
  await instance?.stop();
  rmSync(state, { recursive: true, force: true });
}
