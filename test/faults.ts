/**
 * Bindings that fail on purpose. One counter runs over every call to the database and to the bucket; the n-th call fails,
 * before it reaches them or after it took effect; and it alone, or everything after it too, as if the Worker had died.
 */

import type { Env } from "../src/env.ts";

/** Which call fails (0-based), and how. */
export interface Fault {
  call: number;
  when: "before" | "after";
  /** `once`: the call alone, as a lost connection. `forever`: this and every later one, as a crash. */
  extent: "once" | "forever";
  /** Only calls whose name matches are counted: `db.batch`, `db.run`, `bucket.put` … */
  only?: RegExp;
}

/** Every way in which one call fails: alone or with all that follow, before it takes effect or after. */
export const EVERY_WAY = [
  { when: "before", extent: "once" },
  { when: "after", extent: "once" },
  { when: "before", extent: "forever" },
  { when: "after", extent: "forever" },
] as const satisfies Pick<Fault, "when" | "extent">[];

/** Faulty bindings, and how many calls they have seen. */
export interface FaultyBindings {
  env: Pick<Env, "DB" | "BUCKET">;
  calls(): number;
  names: string[];
}

/** Wraps the bindings. Without a fault they only count. */
export function withFaults(bindings: Pick<Env, "DB" | "BUCKET">, fault?: Fault): FaultyBindings {
  let seen = 0;
  const names: string[] = [];
  const natives = new WeakMap<object, D1PreparedStatement>();

  async function run<T>(name: string, effect: () => Promise<T>): Promise<T> {
    if (fault?.only && !fault.only.test(name)) return effect();
    const index = seen;
    seen += 1;
    names.push(name);
    const fails = fault && (fault.extent === "once" ? index === fault.call : index >= fault.call);
    const dead = fails && index > fault.call;
    if (fails && (fault.when === "before" || dead)) throw new Error(`injected before ${name}`);
    const result = await effect();
    if (fails) throw new Error(`injected after ${name}`);
    return result;
  }

  function statement(native: D1PreparedStatement): D1PreparedStatement {
    const wrapped = {
      bind: (...values: unknown[]) => statement(native.bind(...values)),
      first: (...args: [string?]) =>
        run("db.first", () => (args[0] === undefined ? native.first() : native.first(args[0]))),
      run: () => run("db.run", () => native.run()),
      all: () => run("db.all", () => native.all()),
      raw: () => run("db.raw", () => native.raw()),
    } as unknown as D1PreparedStatement;
    natives.set(wrapped, native);
    return wrapped;
  }

  const wrapDatabase = (native: Pick<D1Database, "prepare" | "batch">) => ({
    prepare: (sql: string) => statement(native.prepare(sql)),
    batch: (statements: D1PreparedStatement[]) =>
      run("db.batch", () => native.batch(statements.map((wrapped) => natives.get(wrapped) ?? wrapped))),
  });
  const DB = {
    ...wrapDatabase(bindings.DB),
    withSession: (constraint?: string) => {
      const session = bindings.DB.withSession(constraint);
      return { ...wrapDatabase(session), getBookmark: () => session.getBookmark() };
    },
  } as unknown as D1Database;

  const multipart = (native: R2MultipartUpload): R2MultipartUpload => ({
    key: native.key,
    uploadId: native.uploadId,
    uploadPart: (...args) => run("bucket.part", () => native.uploadPart(...args)),
    complete: (parts) => run("bucket.complete", () => native.complete(parts)),
    abort: () => run("bucket.abort", () => native.abort()),
  });
  const BUCKET = {
    put: (...args: Parameters<R2Bucket["put"]>) => run("bucket.put", () => bindings.BUCKET.put(...args)),
    get: (...args: Parameters<R2Bucket["get"]>) => run("bucket.get", () => bindings.BUCKET.get(...args)),
    head: (key: string) => run("bucket.head", () => bindings.BUCKET.head(key)),
    delete: (keys: string | string[]) => run("bucket.delete", () => bindings.BUCKET.delete(keys)),
    list: (options?: R2ListOptions) => run("bucket.list", () => bindings.BUCKET.list(options)),
    createMultipartUpload: async (key: string, options?: R2MultipartOptions) =>
      multipart(await run("bucket.create", () => bindings.BUCKET.createMultipartUpload(key, options))),
    // names an upload, and asks the store nothing
    resumeMultipartUpload: (key: string, id: string) => multipart(bindings.BUCKET.resumeMultipartUpload(key, id)),
  } as unknown as R2Bucket;

  return { env: { DB, BUCKET }, calls: () => seen, names };
}
