/** Users: registered, changed and removed by administrators; they change their own password and remove themselves. */

import { createRoute, z } from "@hono/zod-openapi";
import { READ_ONLY, SCOPES } from "../auth/scopes.ts";
import { changeUser, listUsers, registerUser, removeUser } from "../auth/users.ts";
import { PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS } from "../limits.ts";
import { answer, jsonBody, refusals, requires } from "./declare.ts";
import { createRouter, onlyWithAccounts } from "./router.ts";
import { NewUserNameSchema, nextHeader, offsetHeader, ScopeSchema, UserNameSchema } from "./schemas.ts";

const view = z
  .object({
    name: z.string(),
    is_admin: z.boolean(),
    scopes: z.array(ScopeSchema),
    created_at: z.iso.datetime(),
    created_by: z.string(),
  })
  .openapi("User");

const PasswordSchema = z.string().min(PASSWORD_MIN_CHARS).max(PASSWORD_MAX_CHARS);
const NamePath = z.object({ name: UserNameSchema.openapi({ param: { name: "name", in: "path" } }) });

const registerRoute = createRoute({
  ...requires("admin", onlyWithAccounts),
  method: "post",
  path: "/users",
  operationId: "UserCreate",
  tags: ["access"],
  summary: "Register a user",
  request: {
    body: jsonBody(
      z
        .object({
          name: NewUserNameSchema,
          password: PasswordSchema,
          is_admin: z.boolean().default(false),
          scopes: z
            .array(ScopeSchema)
            .max(SCOPES.length)
            .default([...READ_ONLY])
            .openapi({ description: "What the user may do. Missing: read, search and download." }),
        })
        .openapi("UserRequest"),
    ),
  },
  responses: {
    201: answer("Registered.", view),
    ...refusals("user_exists", "user_is_configured", "body_too_large", "not_supported"),
  },
});

const listRoute = createRoute({
  ...requires("admin", onlyWithAccounts),
  method: "get",
  path: "/users",
  operationId: "UsersList",
  tags: ["access"],
  summary: "Users by name; the first administrator, who is set by secrets, is not among them",
  request: {
    query: z.object({
      offset: UserNameSchema.optional().openapi({ description: "The value of a previous answer's `offset` header." }),
    }),
  },
  responses: {
    200: {
      ...answer("A page of users.", z.array(view)),
      headers: offsetHeader,
    },
    ...refusals("not_supported"),
  },
});

const changeRoute = createRoute({
  ...requires("session", onlyWithAccounts),
  method: "patch",
  path: "/users/{name}",
  operationId: "UserUpdate",
  tags: ["access"],
  summary: "Change your password, or as an administrator anybody's password and scopes",
  description:
    "Another password ends all sessions of the user. Other scopes hold from the next call on; a token never does more than its user.",
  request: {
    params: NamePath,
    body: jsonBody(
      z
        .object({
          password: PasswordSchema.optional(),
          current_password: z
            .string()
            .max(PASSWORD_MAX_CHARS)
            .optional()
            .openapi({ description: "Of who changes their own password." }),
          scopes: z
            .array(ScopeSchema)
            .max(SCOPES.length)
            .optional()
            .openapi({ description: "All that the user may do from now on; `admin` for everything." }),
        })
        .refine(({ password, scopes }) => password !== undefined || scopes !== undefined, {
          message: "must have a password or scopes",
        })
        .openapi("UserChange"),
    ),
  },
  responses: {
    200: answer("Changed.", view),
    ...refusals("invalid_credentials", "user_not_found", "user_is_configured", "body_too_large", "not_supported"),
  },
});

const removeRoute = createRoute({
  ...requires("session", onlyWithAccounts),
  method: "delete",
  path: "/users/{name}",
  operationId: "UserDelete",
  tags: ["access"],
  summary: "Remove yourself, or as an administrator anybody; all tokens of the user die with it",
  request: { params: NamePath },
  responses: {
    200: answer("Removed.", z.object({ status: z.literal("removed"), name: z.string() })),
    ...refusals("user_not_found", "user_is_configured", "not_supported"),
  },
});

export const userRoutes = createRouter()
  .openapi(registerRoute, async (c) => {
    const { is_admin: isAdmin, ...wanted } = c.req.valid("json");
    return c.json(await registerUser(c.var.ctx, { ...wanted, isAdmin }), 201);
  })
  .openapi(listRoute, async (c) => {
    const { items, next } = await listUsers(c.var.ctx, c.req.valid("query").offset);
    return c.json(items, 200, nextHeader(next));
  })
  .openapi(changeRoute, async (c) => {
    const { current_password: currentPassword, ...wanted } = c.req.valid("json");
    return c.json(await changeUser(c.var.ctx, c.req.valid("param").name, { ...wanted, currentPassword }), 200);
  })
  .openapi(removeRoute, async (c) => {
    const { name } = c.req.valid("param");
    await removeUser(c.var.ctx, name);
    return c.json({ status: "removed" as const, name }, 200);
  });
