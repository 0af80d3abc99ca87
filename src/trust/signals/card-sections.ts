/**
 * card_sections: share of eight sections that a card fills: intended use, out of scope, limitations, training data, training
 * procedure, evaluation, compute, contact. A section counts if a heading names it and something other than the hub's own
 * filler stands under it; one heading may name two ("Intended uses & limitations"). Headings are known in English,
 * Chinese, Japanese, Korean, French, German, Spanish, Portuguese, Italian and Russian.
 */

import type { ModelEvidence } from "../evidence.ts";
import { readmeOutline } from "../metrics/markdown.ts";
import { type MetricResult, measured, unavailable, undecided } from "../metrics/result.ts";

export const version = 1;

/** The longest cards known have some hundreds. */
const HEADINGS_MAX = 1000;

/** The eight sections of a card. */
export const SECTIONS = [
  "intended_use",
  "out_of_scope",
  "limitations",
  "data",
  "procedure",
  "evaluation",
  "compute",
  "contact",
] as const;
/** One of them. */
export type Section = (typeof SECTIONS)[number];

/** Words of a heading that name a section; any of them, any case. */
const WORDS: Readonly<Record<Section, RegExp>> = {
  intended_use: words(
    String.raw`\b(?:intended (?:use|uses|usage|purpose)|direct use|uses|use cases?|primary use|model use)\b`,
    "用途|预期用途|使用场景|適用|利用目的|想定される(?:利用|用途)|사용 목적|용도",
    String.raw`(?<!\p{L})(?:utilisations? prévues?|cas d.usage|usages?|verwendungszweck|einsatz(?:zweck|gebiet)|anwendung(?:en|sfälle|sgebiete)?|usos? previstos?|uso pretendido|usos?|usi previsti|uso previsto)(?!\p{L})`,
    "назначение|предполагаемое использование|области? применения",
  ),
  out_of_scope: words(
    String.raw`\b(?:out[- ]of[- ]scope|misuse|malicious use|prohibited uses?|not (?:intended|suitable) for|unsupported uses?)\b`,
    "超出范围|不适用|滥用|禁止|対象外|禁止事項|범위 외|사용 금지",
    String.raw`(?<!\p{L})(?:hors (?:périmètre|champ)|utilisations? (?:interdites?|abusives?)|nicht (?:vorgesehen|geeignet)|missbrauch|fuera de alcance|usos? (?:indebidos?|prohibidos?)|fora de escopo|uso indevido|fuori ambito|uso improprio)(?!\p{L})`,
    "недопустимое использование|вне области",
  ),
  limitations: words(
    String.raw`\b(?:limitations?|bias(?:es)?|risks?|caveats?|known issues|ethical considerations?|safety|fairness)\b`,
    "局限|限制|偏见|偏差|风险|制限|制約|限界|バイアス|リスク|注意|한계|제한|편향|위험",
    String.raw`(?<!\p{L})(?:limites?|biais|risques?|einschränkungen|grenzen|verzerrung(?:en)?|risiken|limitaciones|sesgos?|riesgos?|limitações|vieses?|viés|riscos?|limitazioni|distorsioni|rischi)(?!\p{L})`,
    "ограничени[яй]|предвзятость|риски",
  ),
  data: words(
    String.raw`\b(?:(?:training|train|pre-?training|fine-?tuning) (?:data(?:sets?)?|corpus|corpora)|data(?:sets?)?|corpus|corpora)\b`,
    "数据|語料|语料|データ|コーパス|데이터|말뭉치",
    String.raw`(?<!\p{L})(?:données|jeux? de données|(?:trainings)?daten(?:satz|sätze)?|datos|dados|dati)(?!\p{L})`,
    "данные|датасет|корпус",
  ),
  procedure: words(
    String.raw`\b(?:training (?:procedure|process|details|setup|regime|hyperparameters|configuration)|hyperparameters|pre-?training|fine-?tuning|training|how it was trained|methodology)\b`,
    "训练|訓練|微调|超参数|学習|訓練手順|ハイパーパラメータ|학습|훈련",
    String.raw`(?<!\p{L})(?:entraînement|entrainement|apprentissage|training(?:sverfahren|sdetails)?|entrenamiento|treinamento|treino|addestramento)(?!\p{L})`,
    "обучение|дообучение",
  ),
  evaluation: words(
    String.raw`\b(?:evaluations?|results?|benchmarks?|performance|metrics|accuracy|test results)\b`,
    "评估|評価|评测|测评|性能|结果|結果|ベンチマーク|평가|성능|결과",
    String.raw`(?<!\p{L})(?:évaluations?|résultats?|auswertung|ergebnisse|bewertung|leistung|evaluación|resultados|rendimiento|avaliação|desempenho|valutazione|risultati|prestazioni)(?!\p{L})`,
    "оценка|результаты|метрики|качество",
  ),
  compute: words(
    String.raw`\b(?:compute|hardware|environmental impact|carbon|co2|infrastructure|gpus?|tpus?|energy|speeds?,? sizes?,? times?)\b`,
    "算力|硬件|碳排放|环境影响|計算|ハードウェア|環境|하드웨어|컴퓨팅|환경",
    String.raw`(?<!\p{L})(?:matériel|calcul|empreinte carbone|impact environnemental|rechenaufwand|umwelt(?:auswirkungen)?|infraestructura|impacto (?:ambiental|medioambiental)|infraestrutura|infrastruttura|impatto ambientale)(?!\p{L})`,
    "оборудование|вычисления|железо",
  ),
  contact: words(
    String.raw`\b(?:contacts?|authors?|maintainers?|feedback|support|questions|developed by|team|where to send)\b`,
    "联系|作者|反馈|連絡|お問い合わせ|作成者|開発者|연락|문의|저자",
    String.raw`(?<!\p{L})(?:auteurs?|kontakt|autor(?:en|es|as)?|ansprechpartner|contacto|autores|contato|contatos?|contatti|autori)(?!\p{L})`,
    "контакты|авторы?|обратная связь",
  ),
};

function words(...parts: string[]): RegExp {
  return new RegExp(parts.join("|"), "iu");
}

/** "Out-of-scope use" names no intended use, nor does "License to use". */
const NO_INTENDED_USE = /out[- ]of[- ]scope|misuse|malicious|prohibited|how to use|license|licence|usage example/i;

/** Which sections a card fills, each by the first heading that does. */
export function filledSections(evidence: ModelEvidence): Partial<Record<Section, string>> {
  const filled: Partial<Record<Section, string>> = {};
  for (const heading of (readmeOutline(evidence.readme)?.headings ?? []).slice(0, HEADINGS_MAX)) {
    if (!heading.filled) continue;
    for (const section of SECTIONS) {
      if (filled[section] !== undefined || !WORDS[section].test(heading.text)) continue;
      if (section === "intended_use" && NO_INTENDED_USE.test(heading.text)) continue;
      filled[section] = heading.text;
    }
  }
  return filled;
}

/** How much of what a reader has to know the card says. */
export function cardSections(evidence: ModelEvidence): MetricResult {
  const { readme } = evidence;
  if (undecided(readme)) return unavailable("README", readme);
  const filled = filledSections(evidence);
  const missing = SECTIONS.filter((section) => filled[section] === undefined);
  return measured((SECTIONS.length - missing.length) / SECTIONS.length, { filled: { ...filled }, missing }, [readme]);
}
