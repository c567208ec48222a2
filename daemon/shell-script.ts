// A shell script as plain data: what the parser thread makes of a command, and what the guard reads. Nothing is expanded
// here, and nothing is ever run.

/** A piece of a word. What only the shell could tell (`$(…)`, `$1`, `${a%b}`) is unknown. */
export type WordPart =
  | { readonly kind: 'text'; readonly text: string; readonly isQuoted: boolean }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'unknown' }

export interface Word {
  readonly parts: readonly WordPart[]
}

export interface Redirect {
  /** `>`, `>>`, `>|`, `&>`, `&>>`, `<>`; `<` and its kin write nothing and are left out. */
  readonly operator: string
  readonly target: Word
}

export type ShellNode =
  | {
      readonly kind: 'command'
      readonly words: readonly Word[]
      readonly assigned: readonly Assigned[]
      readonly redirects: readonly Redirect[]
      /** What it reads on stdin, where the script itself says it. */
      readonly input: Word | null
    }
  | {
      readonly kind: 'group'
      readonly body: readonly ShellNode[]
      readonly redirects: readonly Redirect[]
      /** Its directory and variables are its own. */
      readonly isSubshell: boolean
      /** `a && b > c`: the redirection belongs to what stands last. */
      readonly isList: boolean
      readonly input: Word | null
    }
  | {
      readonly kind: 'for'
      readonly variable: string
      readonly values: readonly Word[]
      readonly body: readonly ShellNode[]
    }
  | { readonly kind: 'function'; readonly name: string; readonly body: readonly ShellNode[] }

export interface Assigned {
  readonly name: string
  readonly value: Word
}

export interface ShellScript {
  readonly nodes: readonly ShellNode[]
  /** The text is no whole script: something of it may be missing here. */
  readonly hasErrors: boolean
}

/** Deeper nesting than people write; the rest is left out and counts as an error. */
export const SHELL_DEPTH_MAX = 100
