// Tokens that `task list` told, with what each stood for: a push that touches no plan makes no session's token stale. Kept
// in memory; after a restart an old token counts only while the checkout has not moved.

export interface IssuedTokens {
  /** @param commits the last commit of each plan file. */
  note(token: string, commits: ReadonlyMap<string, string>): void
  /** The commit of a file when the token was told; null for a token that is not known any more. */
  commitOf(token: string, file: string): string | null
}

const TOKENS_MAX = 1_000

export function createIssuedTokens(): IssuedTokens {
  const issued = new Map<string, ReadonlyMap<string, string>>()
  return {
    note(token, commits) {
      issued.delete(token)
      issued.set(token, commits)
      const oldest = issued.keys().next().value
      if (issued.size > TOKENS_MAX && oldest !== undefined) issued.delete(oldest)
    },
    commitOf: (token, file) => issued.get(token)?.get(file) ?? null,
  }
}
