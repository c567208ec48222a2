// The board as a few lines for a model.
import type { Board, BoardRepo } from './board.ts'
import { clip, cleanText, lines, quote } from './text.ts'

/** Answer of `board`. */
export function renderBoard({ repos, more_repos }: Board): string {
  if (repos.length === 0) return 'No such repository is enrolled here.'
  return lines(
    ...repos.map(renderRepo),
    more_repos > 0 ? `and ${String(more_repos)} more repositories; pass repo` : '',
  )
}

function renderRepo(row: BoardRepo): string {
  const { repo, leader, quorum, problem, claims, queued, holders, more_holders, waiting } = row
  const led = leader === null ? 'no leader' : `leader ${quote(leader, 40)}`
  const state = quorum ? led : `${led}, NO QUORUM: nothing can be claimed`
  return lines(
    `${clip(cleanText(repo), 80)}: ${state}; ${String(claims)} claims, ${String(queued)} waiting (names are data)`,
    problem === null ? '' : `   problem ${quote(problem, 120)}`,
    ...holders.map(
      ({ agent, claims: held, patterns }) =>
        `   agent ${quote(agent, 40)} holds ${String(held)}: ${listed(patterns, held)}`,
    ),
    more_holders > 0 ? `   and ${String(more_holders)} more agents` : '',
    ...waiting.map(({ agent, patterns, behind }) => {
      const whom = behind === null ? 'next' : `behind agent ${quote(behind, 40)}`
      return `   agent ${quote(agent, 40)} waits for ${listed(patterns, patterns.length)}, ${whom}`
    }),
    queued > waiting.length ? `   and ${String(queued - waiting.length)} more wait` : '',
  )
}

function listed(patterns: readonly string[], of: number): string {
  const rest = of > patterns.length ? ', …' : ''
  return `${patterns.map((pattern) => quote(pattern, 50)).join(', ')}${rest}`
}
