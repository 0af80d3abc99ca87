/**
 * Uploads under faults: each call that they make to the database or the bucket fails, before or after it took effect, alone
 * or with all that follows; then the client repeats its request and the sweep comes, or the sweep alone. As in `crash.test.ts`.
 */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { EVERY_WAY, withFaults } from "../faults.ts";
import { type Answer, brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { hexOf, modelZip, reserveId, startParts, uploadOne } from "../routes/uploading.ts";

const healthy = createRegistry();
/** Later than anything waits that was begun now. */
const MUCH_LATER = () => Date.now() + 100 * 3_600_000;

interface Case {
  method: string;
  path: string;
  body?: unknown;
  id: string;
}
interface Scenario {
  prepare(): Promise<Case>;
  /** The statuses that the faulty request may answer: that of success, and 500. */
  answers: number[];
  /** The one that its repetition has to answer, by how the faulty request left the world. */
  repeated(request: Case): Promise<number>;
  /** What must be true when the client was told that it succeeded, or repeated its request until it was. */
  done(request: Case, before: unknown): Promise<boolean>;
}

let serial = 0;
const someZip = () => {
  serial += 1;
  return modelZip(`\n${serial}`);
};
const corruptZip = () => {
  const zip = someZip();
  zip[60] = (zip[60] ?? 0) ^ 1;
  return zip;
};
const digestsOf = (id: string) =>
  rows<{ sha256: string }>("SELECT sha256 FROM artifacts WHERE id = ?1", Number(id)).then((found) => found[0]?.sha256);
const holds = async ({ body, id }: Case) => (await digestsOf(id)) === (await hexOf(body as Uint8Array<ArrayBuffer>));
const uploadOfParts = async (id: string, zip: Uint8Array) => {
  const path = await startParts(id, zip);
  const part = await healthy.call("PUT", `${path}/parts/1`, zip);
  if (part.status !== 200) throw new Error(`part: ${part.text}`);
  return path;
};
const uploadsLeft = (id: string) =>
  rows("SELECT id FROM uploads WHERE artifact_id = ?1 AND purpose = 'upload'", Number(id)).then((left) => left.length);
/** Whether there is still an artifact to delete, or an object that a delete has failed at and not yet said to be gone. */
const isOwed = async (id: string) => {
  if ((await digestsOf(id)) !== undefined) return true;
  const [open] = await rows<{ object_key: string; attempts: number }>(
    "SELECT object_key, attempts FROM deletions WHERE artifact_id = ?1 AND reason = 'deleted' AND finished_at IS NULL",
    Number(id),
  );
  return open !== undefined && (open.attempts > 0 || (await objectKeys()).includes(open.object_key));
};

const SCENARIOS: Record<string, Scenario> = {
  "issuing an id": {
    prepare: async () => ({ method: "POST", path: "/artifact/model/upload", body: { name: "n" }, id: "0" }),
    answers: [201, 500],
    repeated: async () => 201,
    done: async () => true,
  },
  "first content": {
    async prepare() {
      const id = await reserveId();
      return { method: "PUT", path: `/artifacts/model/${id}/content`, body: someZip(), id };
    },
    answers: [201, 500],
    repeated: async ({ id }) => ((await digestsOf(id)) === undefined ? 201 : 200),
    done: holds,
  },
  "content in place of other": {
    async prepare() {
      const id = await uploadOne("model", someZip());
      return { method: "PUT", path: `/artifacts/model/${id}/content`, body: someZip(), id };
    },
    answers: [200, 500],
    repeated: async () => 200,
    done: holds,
  },
  "content that is refused": {
    async prepare() {
      const id = await uploadOne("model", someZip());
      return { method: "PUT", path: `/artifacts/model/${id}/content`, body: new Uint8Array(99), id };
    },
    answers: [400, 500],
    repeated: async () => 400,
    done: async ({ id }) => (await digestsOf(id)) !== undefined,
  },
  "content whose checksum is wrong, in place of other": {
    async prepare() {
      const id = await uploadOne("model", someZip());
      return { method: "PUT", path: `/artifacts/model/${id}/content`, body: corruptZip(), id };
    },
    answers: [400, 500],
    repeated: async () => 400,
    done: async ({ id }, before) => (await digestsOf(id)) === before,
  },
  "beginning parts": {
    async prepare() {
      const id = await reserveId();
      return { method: "POST", path: `/artifacts/model/${id}/content/uploads`, body: { size: 99 }, id };
    },
    answers: [201, 500],
    repeated: async () => 201,
    done: async () => true,
  },
  "one part": {
    async prepare() {
      const id = await reserveId();
      const zip = someZip();
      return { method: "PUT", path: `${await startParts(id, zip)}/parts/1`, body: zip, id };
    },
    answers: [200, 500],
    repeated: async () => 200,
    done: async () => (await rows("SELECT number FROM upload_parts")).length === 1,
  },
  "completing to a new artifact": {
    async prepare() {
      const id = await reserveId();
      return { method: "POST", path: `${await uploadOfParts(id, someZip())}/complete`, body: {}, id };
    },
    answers: [201, 500],
    repeated: async ({ id }) => ((await digestsOf(id)) === undefined ? 201 : 200),
    done: async ({ id }) => (await digestsOf(id)) !== undefined,
  },
  "completing in place of other content": {
    async prepare() {
      const id = await uploadOne("model", someZip());
      return { method: "POST", path: `${await uploadOfParts(id, someZip())}/complete`, body: {}, id };
    },
    answers: [200, 500],
    repeated: async () => 200,
    done: async ({ id }, before) => ![undefined, before].includes(await digestsOf(id)),
  },
  "completing what has a wrong checksum": {
    async prepare() {
      const id = await uploadOne("model", someZip());
      return { method: "POST", path: `${await uploadOfParts(id, corruptZip())}/complete`, body: {}, id };
    },
    answers: [400, 500],
    // once the refusal was written down, the upload has ended
    repeated: async ({ id }) => ((await uploadsLeft(id)) === 0 ? 404 : 400),
    done: async ({ id }, before) => (await digestsOf(id)) === before,
  },
  aborting: {
    async prepare() {
      const id = await uploadOne("model", someZip());
      return { method: "DELETE", path: await uploadOfParts(id, someZip()), id };
    },
    answers: [204, 500],
    repeated: async ({ id }) => ((await uploadsLeft(id)) === 0 ? 404 : 204),
    done: async ({ id }, before) => (await digestsOf(id)) === before && (await uploadsLeft(id)) === 0,
  },
  "deleting what is being uploaded to": {
    async prepare() {
      const id = await uploadOne("model", someZip());
      await uploadOfParts(id, someZip());
      return { method: "DELETE", path: `/artifacts/model/${id}`, id };
    },
    answers: [200, 500],
    repeated: async ({ id }) => ((await isOwed(id)) ? 200 : 404),
    done: async ({ id }) => (await digestsOf(id)) === undefined && (await uploadsLeft(id)) === 0,
  },
};

describe.each(Object.entries(SCENARIOS))("%s, with any one call failing", (_, scenario) => {
  it.each(EVERY_WAY)("$when it took effect, $extent: is whole or finished by retry, by sweep", async (fault) => {
    const failures: string[] = [];
    for (const recovery of ["retry", "sweep"] as const) {
      for (let call = 0, fired = true; fired; call += 1) {
        const request = await scenario.prepare();
        const before = await digestsOf(request.id);
        const faulty = withFaults(env, { call, ...fault });
        const send = (registry: typeof healthy): Promise<Answer> =>
          registry.call(request.method, request.path, request.body);
        const first = await send(createRegistry(faulty.env));
        fired = faulty.calls() > call;
        const note = (moment: string, problems: string[]) =>
          failures.push(
            ...problems.map((problem) => `${call} (${faulty.names[call]}), ${recovery}, ${moment}: ${problem}`),
          );
        const expectDone = async (moment: string) => {
          if (!(await scenario.done(request, before))) note(moment, ["is not so"]);
        };

        if (!scenario.answers.includes(first.status)) note("at once", [`${first.status} ${first.text}`]);
        if (!fired && first.status >= 500) note("at once", [`no fault, yet ${first.status}`]);
        note("at once", await brokenInvariants());
        if (first.status !== 500) await expectDone("at once");

        if (recovery === "retry") {
          const expected = await scenario.repeated(request);
          const { status, text } = await send(healthy);
          if (status !== expected) note("repeated", [`${status} instead of ${expected}: ${text}`]);
          await expectDone("repeated");
        }
        // What expires holds on to what it is for: the second time there is nothing left that it waits for.
        for (let times = 0; times < 2; times += 1) await healthy.sweep(MUCH_LATER());
        note("in the end", await brokenInvariants());
        note("still owed", await unfinishedWork());
        for (const { id, type } of await rows<{ id: number; type: string }>("SELECT id, type FROM artifacts")) {
          await healthy.call("DELETE", `/artifacts/${type}/${id}`);
        }
        note("left", await objectKeys());
      }
    }
    expect(failures).toEqual([]);
  });
});
