/** An Express 5 path as OpenAPI writes it: `/users/:id` → `/users/{id}`. @throws Error for wildcards and optional parts, which OpenAPI cannot say. */
export function pathTemplate(path: string): string {
  if (/[*{}]/.test(path)) throw new Error(`OpenAPI has no word for the path ${path}`);
  return path.replace(/:(\w+)/g, '{$1}');
}

export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
}
