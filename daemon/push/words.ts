// What a person is told of a commit or a push that may not go on: who, which file, under which fence, and the next command.
import { shellQuote } from '../../protocol/index.ts'
import type { Blocked } from './judge.ts'

const LINES_MAX = 5

export function refusalLines(what: 'push' | 'commit', blocked: readonly Blocked[]): string[] {
  const lines = blocked.slice(0, LINES_MAX).map(lineOf)
  const more = blocked.length - lines.length
  return [
    `skein: this ${what} is refused:`,
    ...lines.map((line) => `  ${line}`),
    ...(more === 0 ? [] : [`  and ${String(more)} more`]),
    ...nextLines(blocked[0]),
  ]
}

/** As one line, for git's own table. */
export function reasonOf(blocked: readonly Blocked[]): string {
  const [first] = blocked
  if (first === undefined) return 'refused'
  const more = blocked.length === 1 ? '' : `, and ${String(blocked.length - 1)} more`
  return `skein: ${lineOf(first)}${more}`
}

function lineOf({ why, path, symbols, claim, rule, owners = [] }: Blocked): string {
  const where = shown(symbols.length === 0 ? path : `${path} ${symbols.join(', ')}`)
  if (why === 'unapproved') {
    const who = owners.length === 0 ? 'a person' : shown(owners.join(' or '))
    return `${where} is in '${shown(rule ?? '')}', where changes need a word of ${who}`
  }
  if (claim === null) return `${where} is protected in this repository: ${shown(rule ?? path)}`
  const fence = claim.fence === null ? '' : `, fence ${String(claim.fence)}`
  if (why === 'unsettled')
    return `${where} is under your provisional claim ${claim.id}, which no majority has settled yet`
  if (why === 'ended')
    return `${where} was under your claim ${claim.id}${fence}, which the remote does not know as live`
  const until = claim.until === null ? '' : ` until ${claim.until}`
  return `${where} is held by ${shown(claim.agent)} on ${shown(claim.machine)} (${claim.id}${fence})${until}`
}

function nextLines(first: Blocked | undefined): string[] {
  if (first === undefined) return []
  const { why, path, claim } = first
  if (why === 'unapproved')
    return [`next: skein claim ${quote(path)}   (its owners are asked; once they agree, again)`]
  if (claim === null)
    return ['next: skein owners show   (a person goes past it: SKEIN_BYPASS=REASON)']
  if (why === 'unsettled') return ['next: skein status   (it is settled once a majority answers)']
  if (why === 'ended')
    return [`next: skein up --background && skein claim ${quote(path)}   (then push again)`]
  return [
    `next: skein request ${claim.id} --reason TEXT   (ask the holder to give way)`,
    `  or: skein claim ${quote(path)} --wait 10m   (wait for it)`,
  ]
}

/** Names by others are one line and cannot move the cursor. */
export function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, ' ')
}

function quote(path: string): string {
  return shellQuote(shown(path))
}
