// A long list of which only what is visible is drawn: rows of one height, walked with the keyboard. It keeps its place when its
// rows change, and tells screen readers how long it is.
import {
  useEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react'

export interface ListRow {
  readonly id: string
  /** Of a tree: from 0. */
  readonly depth?: number
  /** Of a folder of a tree. */
  readonly isOpen?: boolean
}

interface ListOptions<Row extends ListRow> {
  readonly label: string
  readonly name: string
  readonly isTree?: boolean
  readonly rows: readonly Row[]
  readonly rowHeight: number
  readonly selected: string | null
  readonly onSelect: (row: Row) => void
  /** Left and right on a folder. */
  readonly onFold?: (row: Row, isOpen: boolean) => void
  readonly children: (row: Row) => ReactNode
}

/** Rows above and below what is visible, so that a scroll has something to show at once. */
const SPARE = 8

export function VirtualList<Row extends ListRow>(options: ListOptions<Row>): ReactNode {
  const { rows, rowHeight, label, name, isTree = false, selected, children } = options
  const box = useRef<HTMLDivElement>(null)
  const [top, height] = useScroll(box, name)
  const [active, setActive] = useState<string | null>(selected)
  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE)
  const last = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + SPARE)
  const idOf = (row: ListRow): string => `${name}-${row.id}`
  const activeRow = rows.slice(first, last).find(({ id }) => id === active)
  return (
    <div
      ref={box}
      className="list"
      role={isTree ? 'tree' : 'listbox'}
      aria-label={label}
      aria-activedescendant={activeRow === undefined ? undefined : idOf(activeRow)}
      tabIndex={0}
      onKeyDown={(event) => {
        onKey(event, { ...options, active, setActive, box, height })
      }}
    >
      <div role="presentation" className="list-space" style={{ height: rows.length * rowHeight }}>
        {rows.slice(first, last).map((row, at) => (
          <div
            key={row.id}
            id={idOf(row)}
            role={isTree ? 'treeitem' : 'option'}
            aria-level={isTree ? (row.depth ?? 0) + 1 : undefined}
            aria-expanded={row.isOpen}
            aria-selected={row.id === selected}
            aria-setsize={rows.length}
            aria-posinset={first + at + 1}
            className={`row${row.id === active ? ' active' : ''}${row.id === selected ? ' selected' : ''}`}
            style={{
              height: rowHeight,
              transform: `translateY(${String((first + at) * rowHeight)}px)`,
            }}
            onClick={() => {
              setActive(row.id)
              options.onSelect(row)
            }}
          >
            {children(row)}
          </div>
        ))}
      </div>
    </div>
  )
}

interface Keyed<Row extends ListRow> extends ListOptions<Row> {
  readonly active: string | null
  readonly setActive: (id: string) => void
  readonly box: RefObject<HTMLDivElement | null>
  readonly height: number
}

function onKey<Row extends ListRow>(event: KeyboardEvent, keyed: Keyed<Row>): void {
  const { rows, active, rowHeight, height } = keyed
  const at = rows.findIndex(({ id }) => id === active)
  const row = rows[at]
  const page = Math.max(1, Math.floor(height / rowHeight) - 1)
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at < 0 ? 0 : at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: rows.length - 1,
  }
  const to = moves[event.key]
  if (to !== undefined) move(keyed, Math.min(rows.length - 1, Math.max(0, to)))
  else if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) keyed.onSelect(row)
  else if (event.key === 'ArrowRight' && row?.isOpen === false) keyed.onFold?.(row, true)
  else if (event.key === 'ArrowLeft' && row !== undefined) foldOrLeave(keyed, at, row)
  else return
  event.preventDefault()
}

/** As trees do: an open folder closes, anything else leads to its folder. */
function foldOrLeave<Row extends ListRow>(keyed: Keyed<Row>, at: number, row: Row): void {
  if (row.isOpen === true) {
    keyed.onFold?.(row, false)
    return
  }
  const depth = row.depth ?? 0
  const parent = keyed.rows.findLastIndex((each, i) => i < at && (each.depth ?? 0) < depth)
  if (parent >= 0) move(keyed, parent)
}

function move<Row extends ListRow>(
  { rows, box, rowHeight, setActive }: Keyed<Row>,
  to: number,
): void {
  const row = rows[to]
  if (row === undefined || box.current === null) return
  setActive(row.id)
  const { scrollTop, clientHeight } = box.current
  if (to * rowHeight < scrollTop) box.current.scrollTop = to * rowHeight
  else if ((to + 1) * rowHeight > scrollTop + clientHeight)
    box.current.scrollTop = (to + 1) * rowHeight - clientHeight
}

/** Where each list stood, so that a look elsewhere loses nothing. */
const places = new Map<string, number>()

function useScroll(box: RefObject<HTMLDivElement | null>, name: string): [number, number] {
  const [top, setTop] = useState(places.get(name) ?? 0)
  const [height, setHeight] = useState(600)
  useEffect(() => {
    const { current } = box
    if (current === null) return
    current.scrollTop = places.get(name) ?? 0
    const onScroll = (): void => {
      places.set(name, current.scrollTop)
      setTop(current.scrollTop)
    }
    const observer = new ResizeObserver(() => {
      setHeight(current.clientHeight)
    })
    observer.observe(current)
    current.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      observer.disconnect()
      current.removeEventListener('scroll', onScroll)
    }
  }, [box, name])
  return [top, height]
}
