// An issue of a forge as the daemon sees it: cleaned, bounded, with what its body declares.
import type { Issue } from '../ports-tracker.ts'
import { readBody, type BodyFacts } from './body.ts'
import type { ForgeIssue } from './schemas.ts'
import { lineOf, linesOf, linkOf } from './text.ts'

const TITLE_CHARACTERS_MAX = 200
/** What a worker is told of it, and then some; a list of a thousand stays in memory. */
const BODY_CHARACTERS_MAX = 16_000
const LABELS_MAX = 50
const LABEL_CHARACTERS_MAX = 100
const TASK = /^issue-([1-9]\d{0,9})$/

export function taskOf(number: number): string {
  return `issue-${String(number)}`
}

/** Null: the task is not of a forge. */
export function numberOf(task: string): number | null {
  const [, digits] = TASK.exec(task) ?? []
  return digits === undefined ? null : Number(digits)
}

export function isIssue({ pull_request: pull }: ForgeIssue): boolean {
  return pull === undefined || pull === null
}

export function isOpen({ state }: ForgeIssue): boolean {
  return state === 'open'
}

export function factsOf({ body }: ForgeIssue): BodyFacts {
  return readBody(body ?? '')
}

/** @param after numbers of those that stand before it and are not done */
export function issueOf(
  raw: ForgeIssue,
  { files, notes }: Pick<BodyFacts, 'files' | 'notes'>,
  after: readonly number[],
): Issue {
  const labels = labelsOf(raw)
  return {
    task: taskOf(raw.number),
    number: raw.number,
    title: lineOf(raw.title, TITLE_CHARACTERS_MAX),
    body: linesOf(raw.body ?? '', BODY_CHARACTERS_MAX),
    labels,
    url: linkOf(raw.html_url),
    isOpen: isOpen(raw),
    files,
    after: after.filter((number) => number !== raw.number).map(taskOf),
    capabilities: capabilitiesOf(labels),
    notes,
  }
}

function labelsOf({ labels }: ForgeIssue): readonly string[] {
  const names = (labels ?? []).slice(0, LABELS_MAX).flatMap((label) => {
    const name = typeof label === 'string' ? label : (label.name ?? '')
    const text = lineOf(name, LABEL_CHARACTERS_MAX)
    return text === '' ? [] : [text]
  })
  return [...new Set(names)]
}

/** Labels `needs:<capability>`. */
export function capabilitiesOf(labels: readonly string[]): readonly string[] {
  const found = labels.flatMap((label) => /^needs:\s*(\S.*)$/i.exec(label)?.[1]?.trim() ?? [])
  return [...new Set(found)]
}
