// The stages of work as a row of chips: a sign and a name each, so that none of it hangs on colour.
import type { ReactNode } from 'react'
import { STAGE_STATES, type Stage } from '../../client/board/stages.ts'

export function Stages({ stages }: { stages: readonly Stage[] }): ReactNode {
  const text = stages.map(({ name, state }) => `${name}: ${STAGE_STATES[state].word}`).join(', ')
  return (
    <span className="stages" role="img" aria-label={text} title={text}>
      {stages.map(({ name, state }) => (
        <span key={name} className={`stage ${state}`}>
          {STAGE_STATES[state].sign}
          <span className="stage-name">{name}</span>
        </span>
      ))}
    </span>
  )
}
