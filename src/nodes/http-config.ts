import { z } from "zod";

const MEBIBYTE = 1024 * 1024;
const values = z.record(z.string(), z.unknown());

export const httpSchema = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(8_000)
    .describe(
      "Template of the address. Scheme and host are written out, holes behind them are percent-encoded; or all of it is one hole",
    ),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET").describe("The method"),
  query: values
    .optional()
    .describe("Added to the address: names with templates of values. A list repeats its name, null leaves it out"),
  headers: z.record(z.string(), z.string()).optional().describe("Names with templates of their values"),
  json: z.unknown().optional().describe("Body: template of a value, sent as JSON"),
  text: z.string().optional().describe("Body: template of a text"),
  form: values.optional().describe("Body: names with templates of values, sent as a form"),
  accept: z
    .array(
      z
        .union([z.number().int().min(200).max(599), z.string().regex(/^[2-5]xx$/, "Write a status or 2xx.")])
        .meta({ title: "status" }),
    )
    .min(1)
    .max(100)
    .default(["2xx"])
    .describe("Statuses that are no failure, such as 404 or 2xx"),
  parse: z
    .enum(["auto", "json", "text"])
    .default("auto")
    .describe("What the answer's body is; auto goes by its content type"),
  write: z.string().optional().describe("Channel for the answer's body"),
  full: z
    .boolean()
    .default(false)
    .describe(
      "Write `{status, headers, body}` instead of the body; names of headers are lower-case, without set-cookie",
    ),
  max_bytes: z
    .number()
    .int()
    .min(1)
    .max(8 * MEBIBYTE)
    .default(MEBIBYTE)
    .describe("An answer with a larger body fails"),
});

export type HttpConfig = z.infer<typeof httpSchema>;
