// What only a person can answer, asked of clients that can put a question: which repository is meant, and what to do when
// nothing can be claimed. An answer never becomes a grant.
import type { InputResponseView } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { SkeinError, type OperationName } from '../protocol/index.ts'
import { clip, cleanText } from './text.ts'

export type Question =
  | { readonly kind: 'repo'; readonly tool: string; readonly repos: readonly string[] }
  | { readonly kind: 'unavailable'; readonly tool: string; readonly happened: string }

export type Answer =
  | { readonly kind: 'repo'; readonly repo: string }
  | { readonly kind: 'again' }
  | { readonly kind: 'without' }
  | { readonly kind: 'stop' }

/** What a form of the protocol may have: flat, with strings. */
export interface Form {
  readonly message: string
  readonly requestedSchema: {
    readonly type: 'object'
    readonly properties: Readonly<Record<string, FormField>>
    readonly required: string[]
  }
}

interface FormField {
  readonly type: 'string'
  readonly title: string
  readonly enum: string[]
}

/** More do not fit into a form that a person reads. */
const REPOS_MAX = 50

/** Null for failures that no person can decide about. */
export function questionOf(
  error: SkeinError,
  tool: string,
  operation: OperationName,
): Question | null {
  if (error.code === 'REPO_UNKNOWN') {
    const enrolled = ENROLLED.safeParse(error.data)
    const repos = enrolled.success ? enrolled.data.enrolled.slice(0, REPOS_MAX) : []
    return repos.length > 1 ? { kind: 'repo', tool, repos } : null
  }
  const isClaim = operation === 'claim' || operation === 'task/claim'
  // A file that breaks the parser does so again: that is the caller's to avoid.
  if (!isClaim || error.exit !== 2 || error.code === 'SYMBOL_PARSER') return null
  return { kind: 'unavailable', tool, happened: clip(cleanText(error.message), 300) }
}

const ENROLLED = z.object({ enrolled: z.array(z.string()) })

const DECISIONS = {
  'try again': 'again',
  'go on without a claim': 'without',
  stop: 'stop',
} as const

export function formOf(question: Question): Form {
  switch (question.kind) {
    case 'repo':
      return form(`Which repository does ${question.tool} mean?`, 'repo', {
        type: 'string',
        title: 'Repository',
        enum: [...question.repos],
      })
    case 'unavailable':
      return form(
        `skein cannot coordinate now, so ${question.tool} was not granted: ${question.happened} What should the agent do?`,
        'decision',
        { type: 'string', title: 'Decision', enum: Object.keys(DECISIONS) },
      )
  }
}

function form(message: string, field: string, spec: FormField): Form {
  return {
    message,
    requestedSchema: { type: 'object', properties: { [field]: spec }, required: [field] },
  }
}

/** Null for a person that declined, and for what is no answer to the question. */
export function answerOf(question: Question, response: InputResponseView): Answer | null {
  if (response.kind !== 'elicit' || response.action !== 'accept') return null
  const given = GIVEN.safeParse(response.content)
  if (!given.success) return null
  const { repo, decision } = given.data
  if (question.kind === 'repo')
    return repo !== undefined && question.repos.includes(repo) ? { kind: 'repo', repo } : null
  return decision === undefined ? null : { kind: DECISIONS[decision] }
}

const GIVEN = z.object({
  repo: z.string().optional(),
  decision: z.enum(['try again', 'go on without a claim', 'stop']).optional(),
})

/** What the person decided, for the model: never a grant. */
export function tellDecision(decision: 'without' | 'stop', error: SkeinError): string {
  const happened = `NOT CLAIMED: ${clip(cleanText(error.message), 300)} (${error.code}, exit ${String(error.exit)})`
  const decided =
    decision === 'without'
      ? 'A person decided: go on without a claim. Nobody else knows of your work on this, and nothing keeps others from the same files.\nNext: edit with care; call claim_files again before you push.'
      : 'A person decided: stop.\nNext: do not edit what you wanted to claim; tell what you have and end.'
  return `${happened}\n${decided}`
}
