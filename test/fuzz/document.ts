/** The OpenAPI document as a fuzz reads it: which operations there are, what they take and what they may answer. */

import { type Schema as CheckedSchema, Validator } from "@cfworker/json-schema";

export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  schema: Schema;
}

interface Response {
  content?: Record<string, { schema: Schema }>;
}

interface RawOperation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, Response>;
}

/** One operation of the document. */
export interface Operation {
  method: string;
  path: string;
  parameters: Parameter[];
  /** The body's type and schema; missing where it takes none. */
  body?: { type: string; schema: Schema };
  responses: Record<string, Response>;
}

export interface Document {
  operations: Operation[];
  schemas: Record<string, Schema>;
  /** What is wrong with the body of an answer, if anything is. */
  problems(response: Response, body: unknown): string[];
}

/** Reads the document. */
export function readDocument(raw: unknown): Document {
  const { paths, components } = raw as {
    paths: Record<string, Record<string, RawOperation>>;
    components: { schemas: Record<string, Schema> };
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const [body] = Object.entries(operation.requestBody?.content ?? {});
      return {
        method: method.toUpperCase(),
        path,
        parameters: operation.parameters ?? [],
        ...(body && { body: { type: body[0], schema: body[1].schema } }),
        responses: operation.responses,
      };
    }),
  );
  const closed = closedSchemas(components.schemas);
  const validators = new WeakMap<object, Validator>();
  return {
    operations,
    schemas: components.schemas,
    problems(response, body) {
      const schema = response.content?.["application/json"]?.schema;
      if (!schema) return ["a body, where the document has no schema for one"];
      let validator = validators.get(schema);
      if (!validator) {
        const whole = { ...(close(schema) as object), $defs: closed } as CheckedSchema;
        validator = new Validator(whole, "2020-12", false);
        validators.set(schema, validator);
      }
      const { valid, errors } = validator.validate(body);
      return valid ? [] : errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
    },
  };
}

/**
 * The schemas as definitions, closed: a key that is answered and stands in no schema is a mistake of one of the two. Parts
 * of a composition are left open, because each knows only its own keys.
 */
function closedSchemas(schemas: Record<string, Schema>): Record<string, unknown> {
  const parts = new Set(
    [...JSON.stringify(schemas).matchAll(/"allOf":\[\{"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    ),
  );
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, close(schema, !parts.has(name))]));
}

function close(schema: unknown, isWhole = true): unknown {
  if (Array.isArray(schema)) return schema.map((item) => close(item, isWhole));
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => {
    if (key === "$ref") return [key, String(value).replace("#/components/schemas/", "#/$defs/")];
    return [key, close(value, key === "allOf" ? false : isWhole)];
  });
  const closed = Object.fromEntries(entries) as Schema;
  const isOpen = !("properties" in schema) || "additionalProperties" in schema || "allOf" in schema || !isWhole;
  return isOpen ? closed : { ...closed, additionalProperties: false };
}
