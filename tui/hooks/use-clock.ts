// The time of reading, told anew each second: ages and what is left move without news.
import { useEffect, useState } from 'react'

const TICK_MS = 1_000

export function useClock(now: () => number): number {
  const [nowMs, setNow] = useState(now)
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(now())
    }, TICK_MS)
    return () => {
      clearInterval(timer)
    }
  }, [now])
  return nowMs
}
