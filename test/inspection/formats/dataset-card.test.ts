/** Settings of datasets' cards: they load files of the repository, and nothing else. */

import { describe, expect, it } from "vitest";
import { verdict } from "./judging.ts";

const card = (settings: string) => `---\n${settings}\n---\n# Title\n\nSee https://a/b, ../x and data_files: /tmp.\n`;
const codesOf = async (text: string, name = "readme.md") => (await verdict(text, name, "dataset")).codes;

describe("a card of a dataset", () => {
  it.each([
    "configs:\n- config_name: default\n  data_files: /etc/passwd",
    'configs:\n- config_name: default\n  data_files: "http://127.0.0.1/x.csv"',
    'configs:\n- config_name: default\n  data_files: "reference://a.csv::refs.json"',
    "configs:\n- data_files: a.zip::b",
    "configs:\n- data_files: ../x.csv",
    "configs:\n- data_files: a/..",
    "configs:\n- data_files: ~/x.csv",
    "configs:\n- data_files: C:/x.csv",
    "configs:\n- data_files:\n  - split: train\n    path: /etc/passwd",
    "configs:\n- data_files:\n    - split: train\n      path:\n      - a.csv\n      - file:///x",
    "configs:\n- config_name: a\n  data_files:\n  - split: train\n    path: ['a.csv', '/x']",
    "configs:\n- config_name: a\n  data_files:\n\n    # a comment\n\n    /etc/passwd",
    "configs:\n- data_files: !!str /etc/passwd",
    "configs:\n- data_files: >\n    /etc/passwd",
    "configs:\n- data_dir: /etc",
    "configs:\n- 'data_dir' : /etc",
    'configs:\n- "data_dir": "\\x2fetc"',
    'configs:\n- "data\\x5fdir" : /etc',
    'configs:\n- ? "data_\\\n    dir"\n  : /etc',
    'configs: [{? "data_\\\ndir"\n: /etc}]',
    "configs:\n- ? data_dir\n  : /etc",
    "configs: [{config_name: a, data_files: /etc/passwd}]",
    'configs: [{config_name: a, data_files:\n"/etc/passwd"}]',
    'configs: [{a: "}]",\ndata_files:\n"/etc/passwd"}]',
    "configs: [{ # }]\n  data_files:\n\n/etc/passwd }]",
    "license_link: &a /etc/passwd\nconfigs:\n- data_files: *a",
    'configs:\n- data_files: "\\\n/etc/passwd"',
    "configs:\x85- data_files: /etc/passwd",
  ])("that refers to files outside is unknown: %j", async (settings) => {
    expect(await codesOf(card(settings))).toContain("external_reference");
    expect(await codesOf(card(settings).replaceAll("\n", "\r\n"))).toContain("external_reference");
    expect(await codesOf(`\ufeff\n${card(settings)}`, "x")).toContain("external_reference");
    expect(await codesOf(`---\n${settings}`)).toContain("external_reference");
    expect(await codesOf(settings, ".huggingface.yaml")).toContain("external_reference");
  });

  it("that refers to them as JSON is unknown", async () => {
    const settings = { configs: [{ config_name: "default", data_files: "/etc/passwd" }] };
    expect(await codesOf(JSON.stringify(settings), ".huggingface.yaml")).toContain("external_reference");
  });

  it.each([
    "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*",
    'configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: "**/*.csv"\n  default: true',
    "configs:\n- config_name: a\n  data_dir: a\n- config_name: b\n  data_files: ['x.csv', \"y/*.csv\"]\nsource: https://a/b",
    "license_link: https://a/b\nthumbnail: https://a/b.png\nlanguage: [en, de]\nconfigs:\n- data_files: a.csv\npretty_name: A & B",
    'license_link: https://a/b\nthumbnail: ../b.png\nwidget:\n- text: "\\u4f60: x"\n  src: /x',
    "",
  ])("that refers to its own, and has links elsewhere, is safe: %j", async (settings) => {
    expect(await codesOf(card(settings))).toEqual([]);
    expect(await codesOf(card(settings).replaceAll("\n", "\r\n"))).toEqual([]);
  });

  it("is one by its first line: other texts may say what they like", async () => {
    expect(await codesOf("# Title\n---\ndata_files: /etc/passwd\n---\n")).toEqual([]);
    expect(await codesOf("data_files: /etc/passwd\n", "train.yaml")).toEqual([]);
  });

  it("takes time in proportion to its length", async () => {
    for (const part of [" ", "[", "- ", '"', '"\\x', ",  ", "\n", "data_dir: a\n", "{a: ["]) {
      expect((await codesOf(card(`data_dir: a\n${part.repeat(500_000)}`))).length).toBeLessThan(2);
    }
  });
});
