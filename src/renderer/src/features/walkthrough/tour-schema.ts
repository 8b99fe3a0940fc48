/** What a guided tour is (resources/walkthroughs/README.md), checked: teams write their own, and a typo should name its place. */
import * as v from 'valibot';

const panel = v.picklist(['overview', 'registers', 'memory-map', 'page-walk', 'memory']);
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(400));
const cpu = v.pipe(v.number(), v.integer(), v.minValue(0));

const step = v.strictObject({
  panel,
  sentence: text,
  state: v.optional(v.strictObject({ cpu: v.optional(cpu), goTo: v.optional(text) })),
  action: v.optional(text),
  expect: v.variant('kind', [
    v.strictObject({ kind: v.literal('read') }),
    v.strictObject({ kind: v.literal('address'), text }),
    v.strictObject({ kind: v.literal('cpu'), cpu }),
    v.strictObject({ kind: v.literal('panel'), panel }),
    v.strictObject({ kind: v.literal('dialog'), dialog: v.picklist(['open', 'export', 'palette', 'shortcuts']) }),
  ]),
  when: v.optional(v.literal('several-cpus')),
});

export const tourSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)),
  title: text,
  summary: text,
  steps: v.pipe(v.array(step), v.minLength(1), v.maxLength(40)),
});

export type Tour = v.InferOutput<typeof tourSchema>;
export type TourStep = Tour['steps'][number];

/** Throws an Error that names the file and the key. */
export function parseTour(file: string, data: unknown): Tour {
  const result = v.safeParse(tourSchema, data);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new Error(`${file}: ${v.getDotPath(issue) ?? 'tour'}: ${issue.message}`);
}
