/**
 * A Worker that calls the product over its service binding, in one of three ways, and answers with what it got. What it does
 * itself is the same in each: `/method/<verb>/<type>/<id>`, `/fetch/…`, `/bare/…`.
 */

const ORIGIN = "https://registry.test";

export default {
  async fetch(request, env) {
    const [, way, verb, type, id] = request.url.slice(request.url.indexOf("/", 8)).split("/");
    if (way === "fetch") {
      const method = verb === "remove" ? "DELETE" : "GET";
      const answer = await env.REGISTRY.fetch(`${ORIGIN}/artifacts/${type}/${id}`, { method });
      return Response.json(await answer.json(), { status: answer.status });
    }
    const target = way === "bare" ? env.BARE : env.REGISTRY;
    // Over HTTP an answer has a signed link: so that both do the same work, the method is asked for one.
    const input = verb === "get" ? { type, id, origin: ORIGIN } : { type, id };
    return Response.json(await target[verb](input));
  },
};
