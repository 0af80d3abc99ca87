import { afterEach, describe, expect, it, vi } from "vitest";
import { createGitHub } from "../../src/sources/github.ts";
import type { UpstreamCache } from "../../src/sources/upstream.ts";
import { answerWith, json, NOW, upstream } from "./answers.ts";

const API = "https://api.github.com";
const REPO = `${API}/repos/o/r`;
const RECORD = { full_name: "o/r", default_branch: "main", archived: true, size: 2, license: { spdx_id: "MIT" } };

/** A cache that forgets nothing, and what it holds. */
function memoryCache(): UpstreamCache & { entries: Map<string, Response> } {
  const entries = new Map<string, Response>();
  return {
    entries,
    match: async (request) => entries.get(String(request))?.clone(),
    put: async (request, response) => void entries.set(String(request), response),
  };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a repository", () => {
  it("is read, its size in bytes", async () => {
    const asked = answerWith({ [REPO]: json({ ...RECORD, stargazers_count: 3, fork: "no", pushed_at: null }) });
    const found = await createGitHub(upstream()).repository("o/r");
    expect(found.status === "found" && found.value).toEqual({
      full_name: "o/r",
      default_branch: "main",
      archived: true,
      disabled: false,
      fork: false,
      private: false,
      stars: 3,
      license_spdx: "MIT",
      size: 2048,
    });
    expect(asked[0]?.headers.get("Accept")).toBe("application/vnd.github+json");
    expect(asked[0]?.headers.get("X-GitHub-Api-Version")).toBe("2022-11-28");
    expect(asked[0]?.headers.get("Authorization")).toBeNull();
  });

  it.each([
    [404, "absent"],
    [451, "unavailable"],
    [401, "unavailable"],
    [403, "unavailable"],
    [500, "unavailable"],
  ])("of status %i is %s", async (status, outcome) => {
    answerWith({ [REPO]: json({}, { status }) });
    expect((await createGitHub(upstream()).repository("o/r")).status).toBe(outcome);
  });
});

describe("what belongs to a repository", () => {
  it("is read leniently", async () => {
    answerWith({
      [`${REPO}/readme`]: new Response("# R"),
      [`${REPO}/contributors?per_page=100`]: json([{ login: "ann", contributions: 2 }, { login: 7 }, null]),
      [`${REPO}/git/trees/feature/x?recursive=1`]: json({
        truncated: true,
        tree: [
          { path: "src", type: "tree" },
          { path: "src/a.py", type: "blob", size: 3 },
          { path: "../b", type: "blob" },
        ],
      }),
      [`${REPO}/license`]: json({
        path: "LICENSE",
        encoding: "base64",
        content: "TUlU\nIQ==\n",
        license: { spdx_id: "NOASSERTION", name: "Other" },
      }),
    });
    const github = createGitHub(upstream());
    const readme = await github.readme("o/r");
    expect(readme.status === "found" && new TextDecoder().decode(readme.value)).toBe("# R");
    expect(await github.contributors("o/r")).toMatchObject({ value: [{ login: "ann", contributions: 2 }] });
    expect(await github.tree("o/r", "feature/x")).toMatchObject({
      value: { truncated: true, paths: [{ path: "src/a.py", size: 3 }] },
    });
    const bytes = new TextEncoder().encode("MIT!");
    expect(await github.license("o/r")).toMatchObject({ value: { id: "NOASSERTION", path: "LICENSE", bytes } });
  });

  it("is unreadable where GitHub lists no contributors of a history that is too large", async () => {
    answerWith({
      [`${REPO}/contributors?per_page=100`]: json({ message: "The history is too large" }, { status: 403 }),
      [`${REPO}/license`]: json({}, { status: 403 }),
    });
    const github = createGitHub(upstream());
    expect((await github.contributors("o/r")).status).toBe("unreadable");
    expect((await github.license("o/r")).status).toBe("unavailable");
  });

  it("of an empty repository is none", async () => {
    answerWith({
      [`${REPO}/contributors?per_page=100`]: new Response(null, { status: 204 }),
      [`${REPO}/git/trees/main?recursive=1`]: json({ message: "Git Repository is empty." }, { status: 409 }),
    });
    const github = createGitHub(upstream());
    expect(await github.contributors("o/r")).toMatchObject({ status: "found", value: [] });
    expect((await github.tree("o/r", "main")).status).toBe("absent");
  });
});

describe("reviews", () => {
  const pull = (
    author: string | null,
    reviewer: unknown,
    merged = true,
    state = "APPROVED",
    authorAssociation: string | null = "MEMBER",
  ) => ({
    associatedPullRequests: {
      nodes: [
        {
          merged,
          author: author && { login: author },
          reviews: { nodes: [{ author: reviewer, state, authorAssociation }] },
        },
      ],
    },
  });

  it("are not asked for without a token", async () => {
    const asked = answerWith({});
    expect(await createGitHub(upstream()).reviews("o/r")).toMatchObject({
      status: "unavailable",
      reason: "no GITHUB_TOKEN",
    });
    expect(asked).toHaveLength(0);
  });

  it("count where owners, members or collaborators other than the author approved, on merged pull requests, in added lines", async () => {
    const nodes = [
      { additions: 10, ...pull("ann", { login: "bob" }) },
      { additions: 20, ...pull("ann", { login: "ANN" }) },
      { additions: 30, ...pull("ann", { login: "bob" }, false) },
      { additions: 40, ...pull("ann", { login: "reviewer", __typename: "Bot" }) },
      { additions: 50, ...pull("ann", null) },
      { additions: 60, ...pull("ann", { login: "bob" }, true, "PENDING") },
      { additions: 70, associatedPullRequests: { nodes: [] } },
      { additions: 80, parents: { totalCount: 2 }, ...pull("ann", { login: "bob" }) },
      { additions: 5, ...pull("ann", { login: "bob" }, true, "COMMENTED") },
      { additions: 5, ...pull("ann", { login: "bob" }, true, "CHANGES_REQUESTED") },
      { additions: 5, ...pull("ann", { login: "eve" }, true, "APPROVED", "CONTRIBUTOR") },
      { additions: 5, ...pull("ann", { login: "eve" }, true, "APPROVED", "NONE") },
      { additions: 5, ...pull("ann", { login: "eve" }, true, "APPROVED", null) },
      // an account that is gone may have been the reviewer's
      { additions: 5, ...pull(null, { login: "bob" }) },
      { additions: 7, ...pull("ann", { login: "BOB" }, true, "APPROVED", "OWNER") },
      { additions: 8, ...pull("bob", { login: "carl" }, true, "APPROVED", "COLLABORATOR") },
    ];
    const asked = answerWith({
      [`POST ${API}/graphql`]: json({ data: { repository: { defaultBranchRef: { target: { history: { nodes } } } } } }),
    });
    const found = await createGitHub(upstream({ githubToken: "ghp_secret" })).reviews("o/r");
    expect(found).toMatchObject({ value: { commits: 15, added_lines: 325, reviewed_lines: 25, reviewers: 2 } });
    expect(asked[0]?.headers.get("Authorization")).toBe("Bearer ghp_secret");
    expect(await asked[0]?.json()).toMatchObject({
      query: expect.stringContaining("authorAssociation"),
      variables: { owner: "o", name: "r" },
    });
  });

  it("that GraphQL refuses are unavailable, of an empty repository none", async () => {
    answerWith({ [`POST ${API}/graphql`]: json({ data: null, errors: [{ type: "RATE_LIMITED" }] }) });
    expect(await createGitHub(upstream({ githubToken: "t" })).reviews("o/r")).toMatchObject({ reason: "rate limited" });
    answerWith({ [`POST ${API}/graphql`]: json({ data: { repository: { defaultBranchRef: null } } }) });
    expect(await createGitHub(upstream({ githubToken: "t" })).reviews("o/r")).toMatchObject({ value: { commits: 0 } });
  });

  it("are asked of an own instance where it has them", async () => {
    const asked = answerWith({});
    await createGitHub(upstream({ githubApiUrl: "https://git.example.org/api/v3", githubToken: "t" })).reviews("o/r");
    expect(asked[0]?.url).toBe("https://git.example.org/api/graphql");
  });
});

describe("the rate limit", () => {
  const limited = (headers: Record<string, string>, status = 403) => json({ message: "limit" }, { status, headers });
  const reset = NOW / 1000 + 600;

  it.each([
    ["until the reset", limited({ "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(reset) }), 600],
    ["for as long as asked", limited({ "Retry-After": "90" }, 429), 90],
    ["for a minute when nothing is said", limited({}, 429), 60],
    ["for an hour at most", limited({ "Retry-After": "999999" }), 3600],
  ])("is kept %s", async (_how, answer, seconds) => {
    const asked = answerWith({ [REPO]: answer });
    const cache = memoryCache();
    const until = new Date(NOW + seconds * 1000).toISOString();
    const reason = `rate limited until ${until}`;
    const github = createGitHub(upstream({ cache }));
    expect(await github.repository("o/r")).toMatchObject({ status: "unavailable", reason });
    expect(await github.license("o/r")).toMatchObject({ status: "unavailable", reason });
    // another ingest knows it too
    expect(await createGitHub(upstream({ cache })).repository("x/y")).toMatchObject({ reason });
    expect(asked).toHaveLength(1);
    const later = upstream({ cache, now: () => NOW + seconds * 1000 });
    await createGitHub(later).repository("o/r");
    expect(asked).toHaveLength(2);
  });

  it("is noted when a good answer was the last", async () => {
    const headers = { "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(reset) };
    const asked = answerWith({ [REPO]: json(RECORD, { headers }) });
    const github = createGitHub(upstream());
    expect((await github.repository("o/r")).status).toBe("found");
    expect(await github.license("o/r")).toMatchObject({ reason: expect.stringContaining("rate limited until") });
    expect(asked).toHaveLength(1);
  });

  it("of GraphQL is another", async () => {
    answerWith({ [REPO]: json(RECORD), [`POST ${API}/graphql`]: limited({ "Retry-After": "9" }) });
    const github = createGitHub(upstream({ githubToken: "t" }));
    expect(await github.reviews("o/r")).toMatchObject({ reason: expect.stringContaining("rate limited until") });
    expect((await github.repository("o/r")).status).toBe("found");
  });
});

describe("an answer with an ETag", () => {
  it("is asked for again only if it has changed, and kept without the token", async () => {
    const cache = memoryCache();
    const asked = answerWith({
      [REPO]: (request) =>
        request.headers.get("If-None-Match") === '"1"'
          ? new Response(null, { status: 304, headers: { ETag: '"1"' } })
          : json(RECORD, { headers: { ETag: '"1"' } }),
    });
    const ours = upstream({ cache, githubToken: "ghp_secret" });
    const first = await createGitHub(ours).repository("o/r");
    const second = await createGitHub(ours).repository("o/r");
    expect(second).toEqual(first);
    expect(asked[1]?.headers.get("If-None-Match")).toBe('"1"');
    expect([...cache.entries.keys()].join()).not.toContain("ghp_secret");
    // what a token saw is not for those without
    await createGitHub(upstream({ cache })).repository("o/r");
    expect(asked[2]?.headers.get("If-None-Match")).toBeNull();
  });

  it("is asked for as ever by a cache that fails", async () => {
    const broken = { match: () => Promise.reject(new Error("no")), put: () => Promise.reject(new Error("no")) };
    answerWith({ [REPO]: json(RECORD, { headers: { ETag: '"1"' } }) });
    expect((await createGitHub(upstream({ cache: broken })).repository("o/r")).status).toBe("found");
  });

  it("is kept in the platform's cache by default", async () => {
    const github = () =>
      createGitHub({ ...upstream({ githubApiUrl: "https://git.example.org/one" }), cache: undefined });
    const asked = answerWith({ "https://git.example.org/one/repos/o/r": json(RECORD, { headers: { ETag: '"7"' } }) });
    await github().repository("o/r");
    const again = await github().repository("o/r");
    // Without a token even an unchanged answer would count against the limit, so a fresh one is not asked for again.
    expect([again.status, asked.length]).toEqual(["found", 1]);
  });

  it("of a private repository is not handed on, whatever the token may see", async () => {
    answerWith({ [REPO]: json({ ...RECORD, private: true }) });
    expect(await createGitHub(upstream()).repository("o/r")).toMatchObject({ status: "absent", reason: "not public" });
  });
});
