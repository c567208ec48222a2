// The issues of a forge: the open ones with what stands before each, one by its task, a new one that is not created twice.
import type { Issue, IssueList, NewIssue } from '../ports-tracker.ts'
import { createSlices } from '../slices.ts'
import type { BodyFacts } from './body.ts'
import type { ForgeClient } from './client.ts'
import type { Dialect } from './dialect.ts'
import { factsOf, isIssue, isOpen, issueOf } from './issue.ts'
import { issueSchema, type ForgeIssue } from './schemas.ts'

/** A thousand of GitHub, five hundred of Gitea, pull requests among them: more is not planned with at once. */
const PAGES_MAX = 10
/** Each costs a call where one issue is asked for. */
const BLOCKERS_ASKED_MAX = 20

export interface Forge {
  readonly client: ForgeClient
  readonly dialect: Dialect
}

interface Open {
  /** Issues and pull requests, oldest first. */
  readonly all: readonly ForgeIssue[]
  readonly isPartial: boolean
}

export async function listIssues(forge: Forge, signal: AbortSignal): Promise<IssueList> {
  const { all, isPartial } = await listOpen(forge, signal)
  const known = new Set(all.map(({ number }) => number))
  const isDone = (number: number): boolean => !isPartial && !known.has(number)
  const slices = createSlices()
  const issues: { readonly raw: ForgeIssue; readonly facts: BodyFacts }[] = []
  for (const raw of all.filter(isIssue)) {
    if (slices.isOver()) await slices.pause()
    issues.push({ raw, facts: factsOf(raw) })
  }
  const after = new Map<number, Set<number>>(
    issues.map(({ raw, facts }) => [raw.number, new Set(facts.after)]),
  )
  const problems: string[] = []
  for (const { raw, facts } of issues) {
    if (facts.order.length === 0) continue
    if (!(await forge.dialect.isTrusted(forge.client, raw, signal))) {
      problems.push(
        `#${String(raw.number)} orders others, and counts for nothing: whoever opened it may not write to the repository`,
      )
      continue
    }
    // What orders others is over when they are.
    for (const { number } of facts.order) after.get(raw.number)?.add(number)
    for (const each of facts.order)
      for (const before of each.after) after.get(each.number)?.add(before)
  }
  return {
    issues: issues.map(({ raw, facts }) => {
      const open = [...(after.get(raw.number) ?? [])].filter((number) => !isDone(number))
      return issueOf(raw, facts, open)
    }),
    isPartial,
    problems,
  }
}

/** Null: there is no such issue. */
export async function readIssue(
  forge: Forge,
  number: number,
  signal: AbortSignal,
): Promise<Issue | null> {
  const raw = await rawIssue(forge, number, signal)
  if (raw === null) return null
  const facts = factsOf(raw)
  const open: number[] = []
  for (const [at, before] of facts.after.entries()) {
    // Behind the bound it is taken for open: that costs a wait, the other a wrong start.
    const found = at < BLOCKERS_ASKED_MAX ? await anyIssue(forge, before, signal) : 'unasked'
    if (found === 'unasked' || (found !== null && isOpen(found))) open.push(before)
  }
  return issueOf(raw, facts, open)
}

/** As the forge has it; null: there is none, or it is a pull request. */
export async function rawIssue(
  forge: Forge,
  number: number,
  signal: AbortSignal,
): Promise<ForgeIssue | null> {
  const found = await anyIssue(forge, number, signal)
  return found !== null && isIssue(found) ? found : null
}

export async function createIssueOnce(
  forge: Forge,
  { marker, title, body, labels }: NewIssue,
  signal: AbortSignal,
): Promise<{ readonly issue: Issue; readonly already: boolean }> {
  const before = await findMarked(forge, marker, signal)
  if (before !== null) return { issue: plainIssue(before), already: true }
  const { client, dialect } = forge
  const named = await dialect.labelsOf(client, labels, signal)
  const wanted = { title, body: `${marker}\n${body}`, labels: named }
  const written = await client.write('POST', 'issues', wanted, signal)
  if (written.kind === 'refused') throw written.error
  if (written.kind === 'done') {
    return { issue: plainIssue(client.read('issues', written.body, issueSchema)), already: false }
  }
  const after = await findMarked(forge, marker, signal)
  if (after === null) throw written.error
  return { issue: plainIssue(after), already: false }
}

function plainIssue(raw: ForgeIssue): Issue {
  const facts = factsOf(raw)
  return issueOf(raw, facts, facts.after)
}

async function findMarked(
  forge: Forge,
  marker: string,
  signal: AbortSignal,
): Promise<ForgeIssue | null> {
  const { all } = await listOpen(forge, signal)
  for (const raw of all) {
    if (!isIssue(raw) || raw.body?.includes(marker) !== true) continue
    if (await forge.dialect.isTrusted(forge.client, raw, signal)) return raw
  }
  return null
}

async function listOpen({ client, dialect }: Forge, signal: AbortSignal): Promise<Open> {
  const listing = { query: { state: 'open', ...dialect.issues }, pagesMax: PAGES_MAX }
  const { items, isPartial } = await client.list('issues', issueSchema, listing, signal)
  // What is opened or closed while the pages are read moves the others: one may be seen twice.
  const all = new Map(items.filter(isOpen).map((raw) => [raw.number, raw]))
  return { all: [...all.values()].sort((a, b) => a.number - b.number), isPartial }
}

function anyIssue(
  { client }: Forge,
  number: number,
  signal: AbortSignal,
): Promise<ForgeIssue | null> {
  return client.get(`issues/${String(number)}`, issueSchema, signal)
}
