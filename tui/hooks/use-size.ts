// How large the terminal is, as long as it says so.
import { useStdout } from 'ink'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Read at each drawing: whoever draws anew after a change of size sees the new one. */
export function useSize(): Size {
  const { stdout } = useStdout()
  return { columns: Math.max(20, stdout.columns || 80), rows: Math.max(8, stdout.rows || 24) }
}
