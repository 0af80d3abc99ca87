/** Running what the rest of the store prepares. */

/** The rows of one result of a batch. */
export function rowsOf<Row>(result: D1Result | undefined): Row[] {
  return (result?.results ?? []) as Row[];
}

/**
 * Runs a write to the database or the bucket once more if it failed. The platform repeats reads that were cut off, but not
 * writes, because it cannot know that they may be repeated. Ours may: a statement names the state that it changes, an object
 * is written under a key of its own and with its digest, and deleting what is gone is no error.
 */
export async function repeatOnce<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch {
    return write();
  }
}
