/** The table that people read. */

const COLUMNS = [
  { title: "case", width: 32, left: true },
  { title: "N", width: 8 },
  { title: "conn", width: 4 },
  { title: "p50 ms", width: 8 },
  { title: "floor", width: 8 },
  { title: "ratio", width: 6 },
  { title: "spread", width: 12 },
  { title: "req/s", width: 7 },
  { title: "floor", width: 7 },
  { title: "CPU", width: 5 },
  { title: "goal", width: 7 },
  { title: "", width: 5, left: true },
];

function line(cells) {
  return COLUMNS.map(({ width, left }, index) => {
    const text = String(cells[index] ?? "");
    return left ? text.padEnd(width) : text.padStart(width);
  })
    .join(" ")
    .trimEnd();
}

export const heading = () =>
  `${line(COLUMNS.map(({ title }) => title))}\n${line(COLUMNS.map(({ width }) => "-".repeat(width)))}`;

const fixed = (value, digits = 2) => (value === undefined || Number.isNaN(value) ? "" : value.toFixed(digits));

export function verdict(value, goal, atLeast = false) {
  if (goal === undefined) return "";
  return (atLeast ? value >= goal : value <= goal) ? "pass" : "MISS";
}

/** One line for a comparison. */
export function comparisonLine({ name, size, connections, result, figure, goal }) {
  const shown = result[figure];
  return line([
    name,
    size,
    connections,
    fixed(result.a.p50, 3),
    fixed(result.b.p50, 3),
    fixed(shown.median),
    `${fixed(shown.least)}-${fixed(shown.most)}`,
    fixed(result.a.perSecond, 0),
    fixed(result.b.perSecond, 0),
    fixed(result.cpu.median),
    goal === undefined ? "" : `<= ${goal}`,
    verdict(shown.median, goal),
  ]);
}

/** One line for a single figure. */
export function figureLine({ name, size, value, goal, atLeast = false, note = "" }) {
  const sign = atLeast ? ">=" : "<=";
  const wanted = goal === undefined ? "" : `goal ${sign} ${goal}`;
  return [
    name.padEnd(32),
    String(size ?? "").padStart(8),
    String(value).padStart(12),
    wanted.padEnd(14),
    verdict(value, goal, atLeast).padEnd(4),
    note,
  ]
    .join(" ")
    .trimEnd();
}
