/** The two files of a bundle that the registry adds: what is in it, and what it was judged by. */

/** Their paths. An upstream file of the same name is left out of the bundle. */
const OWN_FILES: readonly string[] = ["manifest.json", "evidence.json"];

/** Whether a path in a bundle of an ingest or a mirror is one of these. In an uploaded bundle it is a file like any other. */
export function isOwnFile(path: string): boolean {
  return OWN_FILES.includes(path);
}
