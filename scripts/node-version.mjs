/**
 * Wrangler, and TypeScript run as it is, need a newer Node than this project asks for. `npm ci` therefore brings one along
 * (the optional dependency `node`), which every `npm run` uses. Without it this says what to do instead of failing deep inside.
 */

const LEAST = [22, 18];

/** Ends the process with a reason if it is run by a Node that is too old. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return;
  process.stderr.write(
    `This needs Node ${LEAST.join(".")} or newer and is run by ${process.versions.node}.\n` +
      "Start it with `npm run`, which uses the Node that `npm ci` installs in node_modules. If it is run that way already, that Node\n" +
      "is missing: npm was told to leave out optional dependencies or install scripts. `npm ci --include=optional --no-ignore-scripts`\n" +
      "installs it; a newer Node on this machine does as well.\n",
  );
  process.exit(1);
}
