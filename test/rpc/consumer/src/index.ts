/**
 * A Worker that uses the registry through its service binding. Its HTTP side is a remote control for tests and for trying:
 * `POST /<method>` calls a method with the JSON of the body as its argument; `?binding=` names another of its bindings.
 */

import type { RegistryService } from "trustworthy-model-registry";
import { asRefusal } from "trustworthy-model-registry/refusal";
import { toHex } from "../../../../src/lib/hash.ts";

interface Env {
  REGISTRY: Service<typeof RegistryService>;
  [binding: string]: Service<typeof RegistryService>;
}
type Method = (...args: unknown[]) => Promise<unknown>;

/** A call by name, so that a test can ask for what the types would not let it. */
function call(registry: Service<typeof RegistryService>, method: string, args: unknown[]): Promise<unknown> {
  return (registry as unknown as Record<string, Method>)[method]?.(...args) ?? Promise.resolve();
}

/** What was caught, as a caller sees it. */
function caught(error: unknown): Record<string, unknown> {
  const { name, message } = error as Error;
  return { name, message, own: Object.keys(error as Error).sort(), refusal: asRefusal(error) };
}

/** Calls that JSON cannot say: streams, functions, many at once, stubs that are let go of. */
const SCENES: Record<string, (registry: Service<typeof RegistryService>, body: never) => Promise<unknown>> = {
  /** Streams a zip through, without holding it. */
  async stream(registry, input: Parameters<typeof registry.download>[0]) {
    const { body, ...described } = await registry.download(input);
    const digest = new crypto.DigestStream("SHA-256");
    let received = 0;
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        received += chunk.length;
        controller.enqueue(chunk);
      },
    });
    await body.pipeThrough(counting).pipeTo(digest);
    return { ...plain(described), received, digest: toHex(await digest.digest) };
  },

  /** Many removes of one artifact at the same moment: how many ended in which way. */
  async race(registry, { times, ...input }: { times: number } & Parameters<typeof registry.remove>[0]) {
    const outcomes = await Promise.all(
      Array.from({ length: times }, () =>
        registry.remove(input).then(
          ({ status }) => status,
          (error: unknown) => asRefusal(error)?.code ?? String(error),
        ),
      ),
    );
    return Object.fromEntries([...Map.groupBy(outcomes, (outcome) => outcome)].map(([key, all]) => [key, all.length]));
  },

  /** Lets go of answers before, while and after they are read; then asks again. */
  async dispose(registry, input: Parameters<typeof registry.download>[0]) {
    const unread = await registry.download(input);
    unread[Symbol.dispose]();
    const half = await registry.download(input);
    const reader = half.body.getReader();
    const { value } = await reader.read();
    half[Symbol.dispose]();
    await reader.cancel();
    const pending = registry.download(input);
    (pending as unknown as Disposable)[Symbol.dispose]?.();
    await pending.catch(() => {});
    using artifact = await registry.get(input);
    return { half: (value?.length ?? 0) > 0, again: artifact.metadata.id };
  },

  /** What is there under some names: called, and read. */
  async reach(registry, names: string[]) {
    const read = async (name: string) => {
      try {
        return String(await (registry as unknown as Record<string, unknown>)[name]);
      } catch (error) {
        return (error as Error).message;
      }
    };
    const seen = async (name: string) => [name, [await attempt(registry, name, [{}]), await read(name)]] as const;
    return Object.fromEntries(await Promise.all(names.map(seen)));
  },

  /** Arguments that are no JSON. */
  async strange(registry) {
    const values = [() => 1, new Map([["type", "model"]]), new Date(0), 7n, new Uint8Array(3), /x/, Number.NaN];
    const asked = values.flatMap((value) => [[value], [{ type: value, id: "1" }], [{ type: "model", id: value }]]);
    return Promise.all(
      [[], [{ type: "model", id: "1" }, "more"], ...asked].map((args) => attempt(registry, "get", args)),
    );
  },
};

/** A method's answer, or what it threw. */
async function attempt(registry: Service<typeof RegistryService>, method: string, args: unknown[]): Promise<unknown> {
  try {
    return { value: plain(await call(registry, method, args)) };
  } catch (error) {
    return caught(error);
  }
}

/** What JSON keeps of an answer. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value ?? null)) as T;
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const name = pathname.slice(1);
    const registry = env[searchParams.get("binding") ?? "REGISTRY"] ?? env.REGISTRY;
    if (name.startsWith("fetch/"))
      return registry.fetch(new Request(`https://registry.test/${name.slice(6)}`, request));
    const body = (await request.json()) as never;
    const scene = SCENES[name];
    return Response.json(scene ? await scene(registry, body) : await attempt(registry, name, [body]));
  },
} satisfies ExportedHandler<Env>;
