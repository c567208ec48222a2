// `npm run soak:fence -- [--takeovers=N] [--pushers=N] [--transport=local|ssh|http] [--seed=N]`: the long form of the races in
// soak.ts, with their counts. Ends with 1 when anything stale landed.
import { createCleaner } from '../../helpers/cleanup.ts'
import { cannotServe, type Transport } from '../../helpers/git-servers.ts'
import { mulberry } from '../../helpers/mulberry.ts'
import { crowd, raceTakeovers } from './soak.ts'

const words = new Map(
  process.argv.slice(2).map((word) => word.replace(/^--/, '').split('=') as [string, string]),
)
const takeovers = Number(words.get('takeovers') ?? 100)
const pushers = Number(words.get('pushers') ?? 20)
const seed = Number(words.get('seed') ?? 1)
const only = words.get('transport')
const transports = (['local', 'http', 'ssh'] as const).filter(
  (transport) => only === undefined || only === transport,
)

for (const transport of transports) {
  const cannot = cannotServe(transport)
  if (cannot === false) await soak(transport)
  else say(`${transport}: skipped: ${cannot}`)
}

async function soak(transport: Transport): Promise<void> {
  const cleaner = createCleaner()
  try {
    const random = mulberry(seed)
    const race = await raceTakeovers(cleaner, { transport, takeovers, random })
    const { stale, landed, refusedHere, refusedThere, others } = race
    say(
      `${transport}: ${String(takeovers)} takeovers, ${String(race.latePushes)} late pushes: ${String(stale)} stale landings, ${String(landed)} before the successor, ${String(refusedHere)} refused here, ${String(refusedThere)} by the remote, ${String(others.length)} otherwise`,
    )
    for (const other of others) say(`  ${other.trim()}`)
    if (stale > 0 || others.length > 0) process.exitCode = 1
    const many = await crowd(cleaner, { transport, pushers, times: 3 })
    say(
      `${transport}: ${String(many.pushers)} pushers at once, ${String(many.landed)} of ${String(many.pushes)} landed in ${many.ms.toFixed(0)} ms`,
    )
  } finally {
    await cleaner.run()
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
