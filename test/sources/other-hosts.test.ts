import { afterEach, describe, expect, it, vi } from "vitest";
import { gitLabFile, gitLabProject } from "../../src/sources/gitlab.ts";
import { createSlots } from "../../src/sources/upstream.ts";
import { webHead } from "../../src/sources/web.ts";
import { answerWith, json, redirect, upstream } from "./answers.ts";

const PROJECT = "https://gitlab.com/api/v4/projects/g%2Fs%2Fp";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("GitLab", () => {
  it("tells of a project, its licence and its README", async () => {
    answerWith({
      [`${PROJECT}?license=true`]: json({
        path_with_namespace: "g/s/P",
        default_branch: "main",
        license: { key: "mit" },
        star_count: 4,
        readme_url: "https://gitlab.com/g/s/P/-/blob/main/docs/README.rst",
      }),
      [`${PROJECT}/repository/files/docs%2FREADME.rst/raw?ref=main`]: new Response("hello"),
    });
    const project = await gitLabProject(upstream(), "g/s/p");
    expect(project.status === "found" && project.value).toEqual({
      path: "g/s/P",
      default_branch: "main",
      archived: false,
      license: "mit",
      stars: 4,
      readme_path: "docs/README.rst",
    });
    expect((await gitLabFile(upstream(), "g/s/p", "main", "docs/README.rst")).status).toBe("found");
  });

  it("is not believed an unsafe path or a record without a name", async () => {
    const readme_url = "https://gitlab.com/g/s/p/-/blob/main/../../x";
    answerWith({
      [`${PROJECT}?license=true`]: json({ path_with_namespace: "g/p", default_branch: "main", readme_url }),
    });
    expect(await gitLabProject(upstream(), "g/s/p")).toMatchObject({ value: { path: "g/p" } });
    expect(await gitLabProject(upstream(), "g/s/p")).not.toHaveProperty("value.readme_path");
    answerWith({ [`${PROJECT}?license=true`]: json({}) });
    expect((await gitLabProject(upstream(), "g/s/p")).status).toBe("unreadable");
  });
});

describe("the web", () => {
  const head = (headers: Record<string, string>) => {
    answerWith({ "HEAD https://example.org/x": new Response(null, { headers }) });
    return webHead(upstream(), "https://example.org/x");
  };

  it("tells of a size, a type and a date", async () => {
    const found = await head({
      "Content-Length": "12",
      "Content-Type": "text/csv",
      "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
    });
    expect(found).toMatchObject({
      value: { size: 12, content_type: "text/csv", last_modified: "2026-01-01T00:00:00.000Z" },
    });
  });

  it("is not believed a length that is none", async () => {
    expect(await head({ "Content-Length": "-1", "Last-Modified": "yesterday" })).toMatchObject({ value: {} });
    expect(await head({ "Content-Length": "12", "Content-Encoding": "gzip" })).not.toHaveProperty("value.size");
  });

  it("does not lead us inside", async () => {
    answerWith({ "HEAD https://example.org/x": redirect("https://169.254.169.254/") });
    expect((await webHead(upstream(), "https://example.org/x")).status).toBe("unavailable");
  });
});

it("works on no more than the slots allow, in order, whatever fails", async () => {
  const slots = createSlots(2);
  let open = 0;
  let most = 0;
  const started: number[] = [];
  const work = Array.from({ length: 7 }, (_, i) =>
    slots(async () => {
      started.push(i);
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 2));
      open -= 1;
      if (i % 3 === 0) throw new Error("failed");
    }),
  );
  await Promise.allSettled(work);
  expect(most).toBe(2);
  expect(started).toEqual([0, 1, 2, 3, 4, 5, 6]);
});
