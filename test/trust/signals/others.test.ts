import { describe, expect, it } from "vitest";
import { standingOf } from "../../../src/trust/metrics/standing.ts";
import { cardSections, SECTIONS } from "../../../src/trust/signals/card-sections.ts";
import { licenseText } from "../../../src/trust/signals/license-text.ts";
import { maturity } from "../../../src/trust/signals/maturity.ts";
import { openness } from "../../../src/trust/signals/openness.ts";
import {
  BROKEN,
  code,
  DOWN,
  evidence,
  files,
  found,
  hubRecord,
  inputs,
  repository,
  score,
  tree,
} from "../metrics/evidence.ts";

/** NOW is 2026-10-20T12:00:00Z. */
const at = (created_at: string) => evidence({ record: { created_at } });

describe("maturity", () => {
  it.each([
    ["2026-10-20T12:00:00Z", 0],
    ["2026-10-19T18:00:00Z", 0.0042],
    ["2026-07-22T12:00:00Z", 0.5],
    ["2026-04-23T12:00:00Z", 1],
    ["2022-03-02T23:29:04Z", 1],
    ["2027-01-01T00:00:00Z", 0],
  ])("of a model that the hub made at %s is %f", (created_at, expected) => {
    expect(score(maturity(at(created_at), false))).toBe(expected);
  });

  it("is 1 for a trusted namespace, and unavailable where the hub does not say", () => {
    expect(score(maturity(at("2026-10-20T12:00:00Z"), true))).toBe(1);
    expect(score(maturity(evidence(), true))).toBe(1);
    expect(score(maturity(evidence(), false))).toBe("unavailable: createdAt: the record does not say when it was made");
    expect(score(maturity(at("yesterday"), false))).toMatch(/^unavailable/);
    expect(score(maturity(evidence({ record: DOWN }), false))).toBe("unavailable: model record: timed out");
    expect(score(maturity({ ...evidence(), uploaded: true }, false))).toMatch(/an upload has no age/);
  });
});

describe("standing", () => {
  const of = (created_at: string | undefined, downloads: number, likes: number, trusted = false) =>
    standingOf(evidence({ record: { ...(created_at && { created_at }), downloads, likes } }), trusted).cap;
  const OLD = "2020-01-01T00:00:00Z";

  it.each([
    [OLD, 100_000, 50, 1],
    [OLD, 60_000_000, 2500, 1],
    [OLD, 0, 0, 0.1],
    // either of the two alone is not enough
    [OLD, 60_000_000, 0, 0.1],
    [OLD, 0, 2500, 0.1],
    [OLD, 60_000_000, 10, 0.5],
    [OLD, 1000, 10, 0.2],
    // nor is either without time
    ["2026-10-19T18:00:00Z", 60_000_000, 2500, 0.1],
    ["2026-07-22T12:00:00Z", 60_000_000, 2500, 0.325],
    [undefined, 100_000, 50, 1],
  ])("made %s, with %i downloads and %i likes, caps claims at %f", (created_at, downloads, likes, cap) => {
    expect(of(created_at, downloads, likes)).toBe(cap);
  });

  it("is full for a trusted namespace and for an upload", () => {
    expect(of("2026-10-20T12:00:00Z", 0, 0, true)).toBe(1);
    expect(standingOf({ ...evidence(), uploaded: true }, false).cap).toBe(1);
  });
});

describe("license_text", () => {
  it.each([
    [["LICENSE"], 1],
    [["license.md"], 1],
    [["COPYING"], 1],
    [["docs/LICENSE"], 0],
    [["LICENSEE.py/x"], 0],
    [["NOTICE"], 0],
    [[], 0],
  ])("of %j is %i", (paths, expected) => {
    expect(score(licenseText(evidence({ record: { files: files(...paths) } })))).toBe(expected);
  });

  it("asks for a text, not a line", () => {
    const of = (size?: number) =>
      score(licenseText(evidence({ record: { files: [{ path: "LICENSE", ...(size !== undefined && { size }) }] } })));
    expect([of(399), of(400), of()]).toEqual([0, 1, 1]);
    expect(score(licenseText(evidence({ record: DOWN })))).toBe("unavailable: model record: timed out");
  });
});

describe("card_sections", () => {
  const of = (...headings: string[]) =>
    score(cardSections(evidence({ readme: headings.map((heading) => `## ${heading}\n\nSome words.\n`).join("\n") })));

  it.each([
    [
      "English",
      [
        "Intended use",
        "Out-of-scope use",
        "Limitations",
        "Training data",
        "Training procedure",
        "Evaluation",
        "Hardware",
        "Contact",
      ],
    ],
    [
      "German",
      [
        "Verwendungszweck",
        "Nicht vorgesehen für",
        "Einschränkungen",
        "Trainingsdaten",
        "Trainingsverfahren",
        "Ergebnisse",
        "Rechenaufwand",
        "Kontakt",
      ],
    ],
    [
      "French",
      [
        "Utilisations prévues",
        "Hors périmètre",
        "Limites et biais",
        "Données",
        "Entraînement",
        "Évaluation",
        "Empreinte carbone",
        "Auteurs",
      ],
    ],
    [
      "Spanish",
      [
        "Usos previstos",
        "Fuera de alcance",
        "Limitaciones y sesgos",
        "Datos",
        "Entrenamiento",
        "Evaluación",
        "Infraestructura",
        "Contacto",
      ],
    ],
    [
      "Portuguese",
      [
        "Uso pretendido",
        "Fora de escopo",
        "Limitações",
        "Dados",
        "Treinamento",
        "Avaliação",
        "Infraestrutura",
        "Contato",
      ],
    ],
    [
      "Italian",
      [
        "Uso previsto",
        "Uso improprio",
        "Limitazioni",
        "Dati",
        "Addestramento",
        "Valutazione",
        "Infrastruttura",
        "Autori",
      ],
    ],
    [
      "Russian",
      [
        "Назначение",
        "Недопустимое использование",
        "Ограничения",
        "Данные",
        "Обучение",
        "Оценка",
        "Оборудование",
        "Контакты",
      ],
    ],
    ["Chinese", ["预期用途", "超出范围", "局限性", "数据", "训练过程", "评测结果", "硬件", "联系我们"]],
    [
      "Japanese",
      ["利用目的", "対象外の利用", "制限とバイアス", "データ", "学習手順", "評価", "ハードウェア", "連絡先"],
    ],
    ["Korean", ["사용 목적", "범위 외 사용", "한계", "데이터", "학습", "평가", "하드웨어", "연락처"]],
  ])("of a full %s card is 1", (_, headings) => {
    expect(headings).toHaveLength(SECTIONS.length);
    expect(of(...headings)).toBe(1);
  });

  it("counts what one heading names twice, and no section that is empty or the hub's filler", () => {
    expect(of("Intended uses & limitations")).toBe(0.25);
    expect(of("How to use")).toBe(0);
    expect(of("License")).toBe(0);
    const template =
      "## Uses\n\n[More Information Needed]\n\n## Evaluation\n\n## Contact\n\n[More Information Needed]\n";
    expect(score(cardSections(evidence({ readme: template })))).toBe(0);
  });

  it("is 0 without a README that can be read, unavailable where it could not be fetched", () => {
    expect(score(cardSections(evidence()))).toBe(0);
    expect(score(cardSections(evidence({ readme: BROKEN })))).toBe(0);
    expect(score(cardSections(evidence({ readme: DOWN })))).toBe("unavailable: README: timed out");
  });
});

describe("openness", () => {
  const README = "## Training data\n\nBooks.\n\n## Evaluation\n\nGood.\n\nhttps://arxiv.org/abs/2304.01373";
  const model = {
    card: found({ license: "apache-2.0" }),
    readme: README,
    record: hubRecord({ files: files("config.json", "model.safetensors") }),
  };
  const own = code({ tree: tree("train.py"), license: found("MIT"), record: found(repository()) });
  const data = { id: "a/b", record: found(hubRecord({ card_data: { license: "cc-by-4.0" } })) };
  const of = (over: Parameters<typeof evidence>[0]) =>
    score(openness(evidence({ ...model, record: found(model.record), ...over })));

  it.each([
    ["an open model", {}, 0.3333],
    ["with its code", { code: own }, 0.6667],
    ["with its code and data", { code: own, datasets: [data] }, 1],
    ["with data but no code", { datasets: [data] }, 0.3333],
    ["with a dataset that cannot be had", { code: own, datasets: [data, { id: "c/d", record: DOWN }] }, 0.6667],
    ["with a dataset without a licence", { code: own, datasets: [{ id: "a/b", record: found(hubRecord()) }] }, 0.6667],
    [
      "with code of strangers",
      { code: code({ ...own, record: found(repository({ full_name: "famous/other" })) }) },
      0.3333,
    ],
    ["with code without a licence", { code: code({ tree: tree("train.py") }) }, 0.3333],
    ["under a licence that restricts use", { card: found({ license: "llama3.1" }) }, 0],
    ["behind a gate", { record: found({ ...model.record, gated: true }) }, 0],
    ["without a card that speaks of data", { readme: "## Evaluation\n\nGood." }, 0],
  ])("of %s is %f", (_, over, expected) => {
    expect(of(over as Parameters<typeof evidence>[0])).toBe(expected);
  });

  it("says what is missing", () => {
    expect(inputs(openness(evidence({ ...model, record: found(model.record) })))).toMatchObject({
      class: "III",
      missing: ["own_code", "code_license", "data_open", "data_licensed", "paper"].filter((name) => name !== "paper"),
    });
  });
});
