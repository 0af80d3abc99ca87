/** The OpenAPI document and a page to read and try it, offline: Swagger UI's own files, none from elsewhere. */

import type { OpenAPIHono } from "@hono/zod-openapi";
import { RegistryError } from "../errors.ts";
import type { RouteEnv } from "./router.ts";

/** The only files of the package that are handed out. */
const FILES = ["swagger-ui.css", "swagger-ui-bundle.js"];

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trustworthy Model Registry</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** The routes by what they are for, in the order in which somebody gets to know the registry. */
const TAGS = [
  { name: "artifacts", description: "Register, read, find, update, download." },
  { name: "deletion", description: "Delete, and the receipt of it." },
  { name: "trust", description: "Rating, lineage, cost, licences." },
  { name: "files", description: "What is in a bundle, file by file, and what its inspection found." },
  { name: "uploads", description: "A team's own artifacts." },
  { name: "mirrors", description: "The whole upstream repository, copied." },
  { name: "hub", description: "What clients of the Hugging Face Hub ask." },
  { name: "access", description: "Sessions, users, tokens." },
  { name: "audit", description: "Who did what, and the proof that nobody rewrote it." },
  { name: "operation", description: "How the registry is." },
];

/** A check mark, 16 by 16: an icon file that holds a PNG. */
const ICON = Uint8Array.from(
  atob(
    "AAABAAEAEBAAAAEAIACSAAAAFgAAAIlQTkcNChoKAAAADUlIRFIAAAAQAAAAEAIDAAAAYp0X8gAAAAlQTFRFAAAA9oIf////g0qR" +
      "7QAAAAF0Uk5TAEDm2GYAAAA3SURBVHjaY2ANDQ1gEA0NDWEIBQI4MRVIhIGIqFCGsNBMIDF1KVBi2VQgkQVSEomkOBRiAMgoAGui" +
      "FesT6Y+0AAAAAElFTkSuQmCC",
  ),
  (char) => char.charCodeAt(0),
);

const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true });\n`;

/** Everything from here, and the styles that Swagger UI sets on its elements. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Whether somebody came to the registry's address with a browser. */
export function leadsToDocs(path: string, accept = ""): boolean {
  return path === "/" && /\btext\/html\b/i.test(accept);
}

/** Adds / for browsers, /favicon.ico, /openapi.json, /docs and what it loads. To be called when all routes are there. */
export function addDocs(app: OpenAPIHono<RouteEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "XAuthorization", {
    type: "apiKey",
    in: "header",
    name: "X-Authorization",
    description:
      "`bearer <token>`, of `PUT /authenticate` or `POST /tokens`. Ignored where the deployment runs with `AUTH=off`.",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "Authorization", {
    type: "http",
    scheme: "bearer",
    description: "The same token, where a client knows no other header.",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "CloudflareAccess", {
    type: "apiKey",
    in: "header",
    name: "Cf-Access-Jwt-Assertion",
    description: "Set by Cloudflare Access, where the deployment is configured to believe it.",
  });

  let document: string | undefined;
  app.get("/openapi.json", (c) => {
    // Generated once per isolate: it takes longer than most requests.
    document ??= JSON.stringify(
      app.getOpenAPI31Document({
        openapi: "3.1.0",
        info: {
          title: "Trustworthy Model Registry",
          version: "0.1.0",
          description:
            "Models, datasets and code: taken in with their evidence, kept as verified bundles, and really deleted, row and zip in one request. Every route also answers under /api.",
          license: { name: "MIT" },
        },
        tags: TAGS,
      }),
    );
    return c.body(document, 200, { "Content-Type": "application/json" });
  });

  app.get("/", (c) => {
    if (!leadsToDocs(c.req.path, c.req.header("accept"))) throw new RegistryError("not_found");
    return c.body(null, 302, { Location: "/docs", Vary: "Accept" });
  });
  app.get("/favicon.ico", (c) =>
    c.body(ICON, 200, { "Content-Type": "image/x-icon", "Cache-Control": "public, max-age=86400" }),
  );
  app.get("/docs", (c) =>
    c.html(PAGE, 200, { "Content-Security-Policy": POLICY, "Cross-Origin-Opener-Policy": "same-origin" }),
  );
  app.get("/docs/start.js", (c) => c.body(START, 200, { "Content-Type": "text/javascript; charset=utf-8" }));
  app.get("/docs/:file", async (c) => {
    const file = c.req.param("file");
    if (!FILES.includes(file)) throw new RegistryError("not_found");
    const asset = await c.env.DOCS.fetch(new URL(`/${file}`, c.req.url));
    return new Response(asset.body, {
      headers: {
        "Content-Type": asset.headers.get("Content-Type") ?? "text/plain",
        "Cache-Control": "public, max-age=86400",
      },
    });
  });
}
