// What the person has set on this page: it outlives a reload and the loss of the daemon, and ends with the tab. The colours are
// kept for longer.
import { useEffect, useState } from 'react'

export type Theme = 'system' | 'light' | 'dark'

/** As useState, kept in the tab under a name. */
export function useKept<T>(name: string, first: T): [T, (value: T) => void] {
  const key = `skein.${name}`
  const [value, setValue] = useState<T>(() => {
    const text = sessionStorage.getItem(key)
    return text === null ? first : (JSON.parse(text) as T)
  })
  const keep = (next: T): void => {
    sessionStorage.setItem(key, JSON.stringify(next))
    setValue(next)
  }
  return [value, keep]
}

const THEMES: readonly Theme[] = ['system', 'light', 'dark']
const THEME_KEY = 'skein.theme'

export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(
    () => THEMES.find((each) => each === localStorage.getItem(THEME_KEY)) ?? 'system',
  )
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
    localStorage.setItem(THEME_KEY, theme)
  }, [theme])
  return [
    theme,
    () => {
      setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system')
    },
  ]
}

/** The time, once a second: what is left of a claim is told anew. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now())
    }, 1_000)
    return () => {
      clearInterval(timer)
    }
  }, [])
  return now
}

/** Is there room for one column only? */
export function useNarrow(): boolean {
  const [query] = useState(() => matchMedia('(max-width: 760px)'))
  const [isNarrow, setNarrow] = useState(query.matches)
  useEffect(() => {
    const look = (): void => {
      setNarrow(query.matches)
    }
    query.addEventListener('change', look)
    return () => {
      query.removeEventListener('change', look)
    }
  }, [query])
  return isNarrow
}
