// Commands of plain words, which need no parser: most of what agents type to look around.
import type { ShellScript, Word } from '../../shell-script.ts'

const PLAIN = /^[\w@%+:,./-][\w@%+=:,./-]*(?: +[\w@%+=:,./-]+)*$/
/** Words that begin more than a command. */
const KEYWORDS = new Set(
  'case coproc do done elif else esac export declare typeset local readonly fi for function if in select then time until while'.split(
    ' ',
  ),
)

/** Null where signs of the shell stand in it. */
export function plainScript(command: string): ShellScript | null {
  const text = command.trim()
  if (!PLAIN.test(text)) return null
  const words = text.split(/ +/)
  const [first = ''] = words
  if (KEYWORDS.has(first) || first.includes('=')) return null
  const node = { kind: 'command', words: words.map(wordOf), ...NOTHING_ELSE } as const
  return { nodes: [node], hasErrors: false }
}

const NOTHING_ELSE = { assigned: [], redirects: [], input: null } as const

function wordOf(text: string): Word {
  return { parts: [{ kind: 'text', text, isQuoted: true }] }
}
