import { describe, expect, it } from "vitest";
import { codeQuality } from "../../../src/trust/metrics/code-quality.ts";
import { runsModel } from "../../../src/trust/metrics/code-tree.ts";
import { ABSENT, code, DOWN, evidence, FULL, found, inputs, repository, score, tree } from "./evidence.ts";

const OLD = repository({ pushed_at: "2020-01-01T00:00:00Z" });
const of = (...paths: string[]) =>
  score(codeQuality(evidence({ code: code({ record: found(OLD), tree: tree(...paths) }) }), FULL));
const pushed = (over: Parameters<typeof repository>[0]) =>
  score(codeQuality(evidence({ code: code({ record: found(repository(over)) }) }), FULL));

describe("code_quality", () => {
  it.each([
    ["tests/test_a.py", 0.25],
    ["owl/test_a.py", 0.25],
    ["owl/a_test.go", 0.25],
    ["web/a.spec.ts", 0.25],
    ["latest/a.py", 0],
    ["contest.py", 0],
    [".github/workflows/ci.yml", 0.2],
    [".gitlab-ci.yml", 0.2],
    [".circleci/config.yml", 0.2],
    [".github/dependabot.yml", 0],
    ["pyproject.toml", 0.15],
    ["requirements-dev.txt", 0.15],
    ["environment.yml", 0.15],
    ["Cargo.toml", 0.15],
    ["uv.lock", 0.05],
    ["package-lock.json", 0.05],
    [".flake8", 0.1],
    ["mypy.ini", 0.1],
    [".pre-commit-config.yaml", 0.1],
    ["README.md", 0],
    ["LICENSE", 0],
    ["vendor/x/package.json", 0],
    ["node_modules/x/tests/a.js", 0],
  ])("gives a tree of %s %f", (path, expected) => {
    expect(of(path)).toBe(expected);
  });

  it("gives a README and a licence .10 together, the licence also where only GitHub sees it", () => {
    expect(of("README.md", "LICENSE")).toBe(0.1);
    const seen = repository({ pushed_at: "2020-01-01T00:00:00Z", license_spdx: "MIT" });
    expect(score(codeQuality(evidence({ code: code({ record: found(seen), tree: tree("README.rst") }) }), FULL))).toBe(
      0.1,
    );
  });

  it.each([
    ["2026-10-20T12:00:00Z", 0.15],
    ["2025-10-20T12:00:00Z", 0.15],
    ["2025-10-20T11:59:59Z", 0],
    ["not a date", 0],
  ])("counts a push at %s as %f, 12 months back from the collection", (pushed_at, expected) => {
    expect(pushed({ pushed_at })).toBe(expected);
  });

  it("does not count a push to an archived repository", () => {
    expect(pushed({ archived: true })).toBe(0);
  });

  it("is 1 with all of it, and shows what showed it", () => {
    const paths = ["tests/a.py", ".travis.yml", "setup.py", "poetry.lock", "ruff.toml", "README", "LICENSE.txt"];
    const result = codeQuality(evidence({ code: code({ tree: tree(...paths) }) }), FULL);
    expect(score(result)).toBe(1);
    expect(inputs(result)).toMatchObject({ shown_by: { tests: "tests/a.py", ci: ".travis.yml" }, truncated: false });
  });

  it("is 0 without code, and with a repository that is gone", () => {
    expect(score(codeQuality(evidence(), FULL))).toBe(0);
    expect(score(codeQuality(evidence({ code: code({ record: ABSENT, tree: ABSENT }) }), FULL))).toBe(0);
  });

  it("is unavailable if the record or the tree could not be fetched", () => {
    expect(score(codeQuality(evidence({ code: code({ record: DOWN }) }), FULL))).toBe(
      "unavailable: repository acme/owl-code: timed out",
    );
    expect(score(codeQuality(evidence({ code: code({ tree: DOWN }) }), FULL))).toBe(
      "unavailable: files of acme/owl-code: timed out",
    );
  });
});

describe("code that trains or runs a model", () => {
  it.each([
    ["train.py", true],
    ["scripts/fine-tune.sh", true],
    ["src/runInference.ts", true],
    ["whisper/transcribe.py", true],
    ["run_classifier.py", true],
    ["notebooks/demo.ipynb", true],
    ["docs/train.md", false],
    ["strain.py", false],
    ["tests/test_train.py", false],
    ["setup.py", false],
  ])("is %s: %s", (path, expected) => {
    expect(runsModel(path)).toBe(expected);
  });
});
