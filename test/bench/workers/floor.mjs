/**
 * The floor: for each route of the product the least that must be done for it, with no framework, no checks and no log.
 *
 * Invariant: a floor makes one D1 statement, or one D1 write and one R2 delete, and hands out rows as they come. What it
 * reads are the product's own tables; what it deletes from is a table with the same columns and indexes but without audit,
 * receipts, counts and belongings, in a database of its own. The one exception is `remove`, which takes the product's own
 * rows, and through its triggers and foreign keys all that hangs on them.
 */

export default {
  async fetch(request, env) {
    const [, what, first, second, third] = request.url.slice(request.url.indexOf("/", 8)).split("/");
    switch (what) {
      case "row":
        return rowOrNothing(env.DB.prepare("SELECT * FROM artifacts WHERE id = ?1").bind(Number(first)));
      case "name": {
        const found = env.DB.prepare("SELECT id, type, name FROM artifacts WHERE name = ?1");
        return Response.json((await found.bind(decodeURIComponent(first)).all()).results);
      }
      case "page": {
        const page = env.DB.prepare("SELECT id, type, name FROM artifacts WHERE id > ?1 ORDER BY id LIMIT ?2");
        return Response.json((await page.bind(Number(first), Number(second)).all()).results);
      }
      case "delete": {
        const write = env.FLOOR.prepare("DELETE FROM floor WHERE id = ?1 RETURNING object_key");
        const row = await write.bind(Number(first)).first();
        if (!row) return Response.json({ detail: "absent" }, { status: 404 });
        await env.BUCKET.delete(row.object_key);
        return Response.json({ status: "deleted", id: first });
      }
      case "remove": {
        const write = env.DB.prepare("DELETE FROM artifacts WHERE id = ?1 RETURNING object_key");
        const row = await write.bind(Number(first)).first();
        await env.BUCKET.delete(row.object_key);
        return Response.json({ status: "deleted", id: first });
      }
      case "object": {
        const range = third === undefined ? undefined : { offset: Number(second), length: Number(third) };
        const object = await env.BUCKET.get(decodeURIComponent(first), range && { range });
        return object
          ? new Response(object.body, { headers: { "Content-Length": String(range?.length ?? object.size) } })
          : Response.json({ detail: "absent" }, { status: 404 });
      }
      default:
        return Response.json({ detail: "no such floor" }, { status: 404 });
    }
  },
};

async function rowOrNothing(statement) {
  const row = await statement.first();
  return row ? Response.json(row) : Response.json({ detail: "absent" }, { status: 404 });
}
