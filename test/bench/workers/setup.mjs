/** The back door through which the bench loads and inspects what is measured: SQL in, objects in. Never timed. */

/** Objects written at once: enough to keep the store busy. */
const PUTS_AT_ONCE = 32;

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/sql") {
      const { database, statements } = await request.json();
      const db = env[database];
      const results = await db.batch(statements.map(({ sql, values = [] }) => db.prepare(sql).bind(...values)));
      return Response.json(results.map((result) => result.results));
    }
    if (url.pathname === "/objects") {
      const { keys, size } = await request.json();
      const bytes = new Uint8Array(size);
      for (let from = 0; from < keys.length; from += PUTS_AT_ONCE) {
        await Promise.all(keys.slice(from, from + PUTS_AT_ONCE).map((key) => env.BUCKET.put(key, bytes)));
      }
      return Response.json(keys.length);
    }
    if (url.pathname === "/list") {
      const { prefix } = await request.json();
      const page = await env.BUCKET.list({ prefix, limit: 1000 });
      return Response.json(page.objects.map((object) => object.key));
    }
    return new Response(null, { status: 404 });
  },
};
