/**
 * Keeps a long copy from blocking everything else in its process.
 *
 * workerd runs one event loop, and takes up I/O only when no work is queued. A loop over bytes that are always there already
 * (a bucket that is read back, an upstream faster than the copy) leaves it no such moment, and the response bodies of other
 * requests then get out a few kilobytes at a time. A timer is such a moment.
 */

/** Call it with the bytes of each chunk; it resolves after a millisecond whenever `everyBytes` have passed, else at once. */
export function createPace(everyBytes: number): (bytes: number) => Promise<void> | undefined {
  let since = 0;
  return (bytes) => {
    since += bytes;
    if (since < everyBytes) return undefined;
    since %= everyBytes;
    return scheduler.wait(1);
  };
}
