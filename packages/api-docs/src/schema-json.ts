/** A JSON Schema as a document holds it. */
export type SchemaJson = Readonly<Record<string, unknown>>;
