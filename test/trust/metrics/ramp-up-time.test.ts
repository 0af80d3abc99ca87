import { describe, expect, it } from "vitest";
import { rampUpTime } from "../../../src/trust/metrics/ramp-up-time.ts";
import { BROKEN, DOWN, evidence, inputs, score, words } from "./evidence.ts";

const of = (readme: string) => score(rampUpTime(evidence({ readme })));

describe("ramp_up_time", () => {
  it.each([
    [0, 0],
    [49, 0],
    [50, 0.1],
    [51, 0.1],
    [199, 0.1],
    [200, 0.25],
    [201, 0.25],
    [499, 0.25],
    [500, 0.4],
    [501, 0.4],
  ])("gives a README of %i words %f", (count, expected) => {
    expect(of(words(count))).toBe(expected);
  });

  it("is 0 without a README or with one that cannot be read, and unavailable when it could not be fetched", () => {
    expect(score(rampUpTime(evidence()))).toBe(0);
    expect(score(rampUpTime(evidence({ readme: DOWN })))).toBe("unavailable: README: timed out");
    expect(score(rampUpTime(evidence({ readme: BROKEN })))).toBe(0);
  });

  it("does not count the front matter", () => {
    expect(of(`---\na: ${words(60)}\n---\n`)).toBe(0);
  });

  it.each([
    ["# Installation\nx", 0.35],
    ["## How to use\nx", 0.35],
    ["Usage\n---\nx", 0.35],
    ["## How to Get Started with the Model\nx", 0.35],
    ["## Use with transformers\nx", 0.35],
    ["## Code example\nx", 0.35],
    ["## Intended uses & limitations\nx", 0],
    ["## Out-of-Scope Use\nx", 0],
    ["## Use cases\nx", 0],
    ["## Training\nx", 0],
    ["## Usage\n", 0],
    ["## How to Get Started with the Model\nUse this.\n[More Information Needed]", 0],
    ["Usage", 0],
  ])("gives the heading in %j %f", (readme, expected) => {
    expect(of(readme)).toBe(expected);
  });

  it.each([
    "使用方法",
    "快速开始",
    "使い方",
    "インストール",
    "사용법",
    "설치",
    "Utilisation",
    "Prise en main",
    "Verwendung",
    "Erste Schritte",
    "Cómo usar",
    "Instalación",
    "Utilização",
    "Come usare",
    "Installazione",
    "Использование",
    "Установка",
  ])("gives the heading %s what an English one has", (heading) => {
    expect(of(`## ${heading}\nx`)).toBe(0.35);
  });

  it.each([
    "预期用途",
    "使用限制",
    "利用制限",
    "사용 제한",
    "Utilisations prévues",
    "Grenzen der Verwendung",
    "Usos previstos",
    "Uso pretendido",
    "Licencia de uso",
    "Предполагаемое использование",
    "Entraînement",
  ])("gives the heading %s, which tells no use, nothing", (heading) => {
    expect(of(`## ${heading}\nx`)).toBe(0);
  });

  it.each([
    ["Chinese", "这", 100],
    ["Japanese", "の", 100],
    ["Thai", "ก", 200],
    ["Khmer", "ក", 200],
  ])("counts %s, which has no spaces, by characters", (_, char, characters) => {
    expect(of(char.repeat(characters))).toBe(0.1);
    expect(of(char.repeat(characters - 4))).toBe(0);
  });

  it("takes indented code for code", () => {
    expect(of("Run:\n\n    pip install owl\n")).toBe(0.35);
    expect(of("Run:\n\n    import owl\n    owl.run()\n")).toBe(0.25);
    expect(of("- Run:\n\n    import owl\n    owl.run()\n")).toBe(0);
  });

  it.each([
    ["```\npip install owl\n```", 0.35],
    ["```\n$ sudo python3 -m pip install owl\n```", 0.35],
    ["```\n!pip3 install owl\n```", 0.35],
    ["```\nconda install owl\n```", 0.35],
    ["```\nnpm i owl\n```", 0.35],
    ["pip install owl", 0],
    ["```\nprint('pip install owl')\n```", 0],
  ])("gives the install command in %j %f", (readme, expected) => {
    expect(of(readme)).toBe(expected);
  });

  it("does not add a heading and a command up", () => {
    expect(of("# Usage\n```\npip install owl\n```")).toBe(0.35);
  });

  it.each([
    ["```python\nx\n```", 0.25],
    ["```\nx\n```", 0],
    ["```\nx\n\n```", 0],
    ["```\nx\ny\n```", 0.25],
    ["```python\n```", 0],
  ])("gives the block %j %f", (readme, expected) => {
    expect(of(readme)).toBe(expected);
  });

  it("is 1 for a long README with all of it, and shows every part", () => {
    const result = rampUpTime(evidence({ readme: `${words(500)}\n# Usage\n\`\`\`py\nx\n\`\`\`` }));
    expect(score(result)).toBe(1);
    expect(inputs(result)).toMatchObject({
      usage_heading: "Usage",
      points: { words: 0.4, usage: 0.35, example: 0.25 },
    });
  });
});
