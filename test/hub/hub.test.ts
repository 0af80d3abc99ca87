/** The stand-in hub answers what the clients and this registry rely on. */

import { describe, expect, it } from "vitest";
import { createHub } from "./hub.ts";

const hub = createHub();

describe("the stand-in hub", () => {
  it.each(["bytes=0-0", "bytes=0-"])("answers the range %s of an empty file with 200 and nothing", async (range) => {
    const url = "https://huggingface.co/acme-labs/whole/resolve/main/nested/empty.txt";
    const answer = await hub.fetch(new Request(url, { headers: { range } }));
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([200, "0", ""]);
  });

  it("still refuses a range behind the end of a file that has bytes", async () => {
    const url = "https://huggingface.co/acme-labs/whole/resolve/main/nested/notes.txt";
    expect((await hub.fetch(new Request(url, { headers: { range: "bytes=9000-" } }))).status).toBe(416);
  });
});
