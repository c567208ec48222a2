// How far back the audit log is looked at.
import type { ReactNode } from 'react'
import { useBoard } from '../state/board.ts'
import { Choice } from './small.tsx'

const SPANS = [
  ['1', '1 h'],
  ['6', '6 h'],
  ['24', '24 h'],
  ['168', '7 d'],
] as const

export function Hours(): ReactNode {
  const { hours, setHours } = useBoard()
  const value = SPANS.find(([each]) => Number(each) === hours)?.[0] ?? '24'
  return (
    <Choice
      label="How far back"
      value={value}
      options={SPANS}
      onChange={(each) => {
        setHours(Number(each))
      }}
    />
  )
}
