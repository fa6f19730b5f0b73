/** What a `refine` over several fields says when none of them is there; `field` is the documented one. */
export function missing(field: string) {
  return { error: 'is required', path: [field], params: { rule: 'required' } };
}
