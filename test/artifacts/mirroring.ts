/** Mirrors under test: the steps as the platform runs them, without the platform, so that a test can be in their midst. */

import { env } from "cloudflare:workers";
import { runMirror, type Steps } from "../../src/artifacts/mirror/run.ts";
import { type Context, createContext } from "../../src/context.ts";
import type { Env, MirrorRun } from "../../src/env.ts";
import type { MirrorState } from "../../src/store/mirrors.ts";
import { locateEntry, readEntry } from "../../src/zip/zip-entry.ts";
import { readZipIndex } from "../../src/zip/zip-index.ts";
import { createRegistry, rows, type TestRegistry } from "../harness.ts";

/** The smallest part that the store takes. */
export const LEAST_PART_BYTES = 5 * 1024 * 1024;

/** A registry whose mirrors are started by nobody, and what it wanted to start. */
export function createMirroringRegistry(replaced: Partial<Env> = {}): TestRegistry & { started: MirrorRun[] } {
  const started: MirrorRun[] = [];
  const ids = new Set<string>();
  const MIRRORS = {
    create: async ({ id, params }: { id: string; params: MirrorRun }) => {
      if (ids.has(id)) throw new Error("instance.already_exists");
      ids.add(id);
      started.push(params);
      return {};
    },
    get: async () => ({ status: async () => ({ status: "queued" }) }),
  } as unknown as Env["MIRRORS"];
  return { ...createRegistry({ MIRRORS, ...replaced }), started };
}

/** What the platform remembers of one run, and how it runs a step. */
export interface Memory {
  steps: Steps;
  /** Steps in the order in which they were begun; repeated tries count once. */
  names: string[];
}

/**
 * Steps that are run like the platform's: a step that failed is tried again, and one that succeeded is never run again, also
 * by a later run with the same memory.
 *
 * @param before is called before each step that is really run, with its name
 */
export function createMemory(options: { tries?: number; before?: (name: string) => Promise<void> } = {}): Memory {
  const results = new Map<string, string>();
  const names: string[] = [];
  return {
    names,
    steps: async (name, work) => {
      const known = results.get(name);
      if (known !== undefined) return known;
      names.push(name);
      await options.before?.(name);
      for (let tries = 1; ; tries += 1) {
        try {
          const result = await work();
          results.set(name, result);
          return result;
        } catch (error) {
          if (tries >= (options.tries ?? 3)) throw error;
        }
      }
    },
  };
}

/** Runs a mirror as its workflow would, and waits for the work that it left behind. */
export async function mirror(
  run: MirrorRun,
  memory: Memory = createMemory(),
  replaced: Partial<Env> = {},
  partBytes = LEAST_PART_BYTES,
): Promise<MirrorState> {
  const deferred: Promise<unknown>[] = [];
  const ctx: Context = createContext(
    { ...env, ...replaced },
    { actor: run.actor, requestId: run.requestId, waitUntil: (work) => deferred.push(work), log: () => {} },
  );
  try {
    return await runMirror(ctx, run, memory.steps, { partBytes });
  } finally {
    await Promise.all(deferred);
  }
}

/** The files of an artifact's zip, each checked for its checksum, by a download like any client's. */
export async function filesOf(registry: TestRegistry, type: string, id: string): Promise<Map<string, Uint8Array>> {
  const [row] = await rows<{ object_key: string }>("SELECT object_key FROM artifacts WHERE id = ?1", Number(id));
  const object = await registry.env.BUCKET.get(row?.object_key ?? `no artifact ${type} ${id}`);
  const archive = new Uint8Array((await object?.arrayBuffer()) ?? []);
  const read = async ({ offset, length }: { offset: number; length: number }) =>
    archive.subarray(offset, offset + length);
  const { entries } = await readZipIndex(read, archive.length);
  const files = new Map<string, Uint8Array>();
  for (const entry of entries) files.set(entry.path, await readEntry(read, await locateEntry(read, entry), 64_000_000));
  return files;
}
