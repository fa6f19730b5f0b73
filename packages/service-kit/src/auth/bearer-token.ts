type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The token of an `Authorization: Bearer …` header; undefined without one. Header names in lower case, as Node gives them. */
export function bearerToken(headers: Headers): string | undefined {
  const header = headers.authorization;
  if (typeof header !== 'string') return undefined;
  return /^Bearer +([^\s]+) *$/i.exec(header)?.[1];
}
