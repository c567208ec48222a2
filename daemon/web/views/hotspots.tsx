// Where agents meet, and how it went: charts of the hours that are looked at, and the ledger's own count of days.
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import type { OperationResult } from '../../../protocol/index.ts'
import { recentHistory } from '../model/moments.ts'
import { countsOver, heatOf, resolutionsOf, waitTimes } from '../model/series.ts'
import { CountBars, HeatMap, StepChart, WaitChart } from '../parts/charts.tsx'
import { Hours } from '../parts/hours.tsx'
import { Card, Empty, Pill } from '../parts/small.tsx'
import { useBoard } from '../state/board.ts'

const POINTS = 120
const COLUMNS = 32
const FOLDERS = 12

export function HotSpots(): ReactNode {
  const { log, claims, hours } = useBoard()
  const charts = useMemo(() => {
    const history = recentHistory(log.events, claims, hours, Date.now())
    return {
      steps: countsOver(history, POINTS),
      heat: heatOf(history.collisions, history, COLUMNS, FOLDERS),
      waits: waitTimes(log.events),
      resolved: resolutionsOf(log.events),
    }
  }, [log.events, claims, hours])
  return (
    <div className="page">
      <div className="tools">
        <Hours />
      </div>
      <div className="cards">
        <Card title="Claims and waits">
          <StepChart steps={charts.steps} />
        </Card>
        <Card title="Where agents met" note="refusals, waits and bypasses by folder">
          {charts.heat.length === 0 ? (
            <Empty title="Nobody met in these hours." />
          ) : (
            <HeatMap rows={charts.heat} />
          )}
        </Card>
        <Card title="How long waits took" note="of those that were granted">
          {charts.waits.length === 0 ? (
            <Empty title="No wait was granted in these hours." />
          ) : (
            <WaitChart times={charts.waits} />
          )}
        </Card>
        <Card title="Resolved without a person">
          <CountBars rows={charts.resolved} />
        </Card>
      </div>
      <Card title="Hot spots" note="counted by the ledger, over days">
        <HotList />
      </Card>
    </div>
  )
}

function HotList(): ReactNode {
  const { call, repo } = useBoard()
  const [found, setFound] = useState<OperationResult<'hotspots'> | null>(null)
  const [problem, setProblem] = useState('')
  const id = repo?.id
  useEffect(() => {
    if (id === undefined) return
    call('hotspots', { repo: id }).then(setFound, (error: unknown) => {
      setProblem(error instanceof Error ? error.message : String(error))
    })
  }, [call, id])
  if (problem !== '') return <p className="problem">{problem}</p>
  if (found === null) return <Empty title="Reading …" />
  if (found.hotspots.length === 0) return <Empty title={`None in ${String(found.days)} days.`} />
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label="Hot spots">
      <table className="table">
        <thead>
          <tr>
            {['pattern', 'refused or waited', 'agents', 'last', 'advice'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {found.hotspots.map((spot) => (
            <tr key={spot.pattern}>
              <th scope="row">
                <bdi className="path">{spot.pattern}</bdi>
              </th>
              <td className="number">{spot.refused}</td>
              <td>{spot.agents.join(', ')}</td>
              <td className="number">{spot.last_seen.slice(0, 10)}</td>
              <td title={spot.why}>
                <Pill level="plain">{spot.suggestion}</Pill>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
