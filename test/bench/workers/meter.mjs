/**
 * The product with a meter between it and D1: the same application and statements, and in the headers of the answer what
 * the database says that they cost. The answer waits for the deferred work, so it is for counting, not for timing.
 */

// The entry that is benched; the bundler knows where it is.
import product from "the-product";

export default {
  async fetch(request, env) {
    const meter = { roundTrips: 0, statements: 0, read: 0, written: 0 };
    const deferred = [];
    const execution = { waitUntil: (work) => deferred.push(work), passThroughOnException() {}, props: {} };
    const answer = await product.fetch(request, { ...env, DB: metered(env.DB, meter) }, execution);
    const awaited = { ...meter };
    await Promise.all(deferred);
    const headers = new Headers(answer.headers);
    headers.set("bench-meter", JSON.stringify({ awaited, all: meter }));
    return new Response(answer.body, { status: answer.status, headers });
  },
};

function metered(db, meter) {
  const count = (results) => {
    meter.roundTrips += 1;
    for (const { meta } of results) {
      meter.statements += 1;
      meter.read += meta.rows_read;
      meter.written += meta.rows_written;
    }
    return results;
  };
  const wrap = (statement) => ({
    statement,
    bind: (...values) => wrap(statement.bind(...values)),
    all: async () => count([await statement.all()])[0],
    run: async () => count([await statement.run()])[0],
    first: async (column) => {
      const row = count([await statement.all()])[0].results[0] ?? null;
      return row === null || column === undefined ? row : row[column];
    },
  });
  const over = (session) => ({
    prepare: (sql) => wrap(session.prepare(sql)),
    batch: async (statements) => count(await session.batch(statements.map((wrapped) => wrapped.statement))),
    withSession: (start) => over(session.withSession(start)),
    getBookmark: () => session.getBookmark(),
  });
  return over(db);
}
