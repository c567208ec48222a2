// Small things that every view is made of.
import type { ReactNode } from 'react'
import type { Level } from '../../client/board/standing.ts'

export function Pill({
  level,
  children,
}: {
  level: Level | 'plain'
  children: ReactNode
}): ReactNode {
  return <span className={`pill ${level}`}>{children}</span>
}

/** Says what is there to see when nothing is, so that silence does not look like health. */
export function Empty({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  )
}

export function Card({
  title,
  note,
  children,
}: {
  title: string
  note?: string
  children: ReactNode
}): ReactNode {
  return (
    <section className="card">
      <header className="card-head">
        <h2>{title}</h2>
        {note === undefined ? null : <span className="quiet">{note}</span>}
      </header>
      {children}
    </section>
  )
}

/** Names of others stand by themselves, whatever letters they have. */
export function Name({ children }: { children: string }): ReactNode {
  return (
    <bdi className="name">
      <i className={`dot hue-${String(hueOf(children))}`} aria-hidden="true" />
      {children}
    </bdi>
  )
}

const HUES = 8

/** The same colour for the same name, on every page. */
export function hueOf(name: string): number {
  // FNV-1a: names of one letter's difference get other colours.
  let hash = 0x811c9dc5
  for (const character of name)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return (hash >>> 8) % HUES
}

export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export function Search({
  value,
  onChange,
  label,
}: {
  value: string
  onChange: (text: string) => void
  label: string
}): ReactNode {
  return (
    <label className="search">
      <span className="hidden">{label}</span>
      <input
        type="search"
        value={value}
        placeholder={`${label}   /`}
        data-search=""
        onChange={(event) => {
          onChange(event.target.value)
        }}
      />
    </label>
  )
}

/** One of a few. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: Value
  options: readonly (readonly [Value, string])[]
  onChange: (value: Value) => void
}): ReactNode {
  return (
    <div className="choice" role="group" aria-label={label}>
      {options.map(([each, text]) => (
        <button
          key={each}
          type="button"
          aria-pressed={each === value}
          onClick={() => {
            onChange(each)
          }}
        >
          {text}
        </button>
      ))}
    </div>
  )
}
