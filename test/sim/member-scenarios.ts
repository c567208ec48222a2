// Directed schedules of machines that come, go and change their roles, on whole engines. See scenarios.ts.
import { isLeading } from '../../daemon/core/engine.ts'
import { claimOf, EngineScript, partyOf } from './engine-script.ts'
import { check } from './violation.ts'

/** Of two voters that shall go one is removed from the mesh: without it the other's vote is needed. */
export function removedGoesFirst(): void {
  const all = ['a', 'b', 'c']
  const script = new EngineScript(all)
  for (const name of all) script.tellMembers(name, all, all)
  script.elect('a', ['b', 'c'])
  script.drop()
  script.tellMembers('a', ['a', 'b'], ['a', 'b'])
  script.tellMembers('b', ['a', 'b'], ['a', 'b'])
  script.pass(['a', 'b'], 2_000)
  check(script.votersAt('b').join() === 'a', 'liveness', `${script.votersAt('a').join()} vote`)
}

/** The leader itself shall not vote any more: it hands over what it has committed, and leads no more. */
export function leaderRemoved(): void {
  const all = ['a', 'b', 'c', 'd']
  const script = new EngineScript(['a', 'b', 'c'], ['d'])
  for (const name of all) script.tellMembers(name, ['a', 'b', 'c'], all)
  script.elect('a', ['b', 'c'])
  script.pass(all, 2_000)
  for (const name of all) script.tellMembers(name, ['b', 'c', 'd'], all)
  script.pass(all, 10_000)
  const leaders = all.filter((name) => isLeading(script.engine(name)))
  check(
    leaders.length === 1 && !leaders.includes('a'),
    'liveness',
    `${leaders.join() || 'nobody'} leads after a was removed`,
  )
  for (const name of all) {
    const voters = [...script.votersAt(name)].sort().join()
    check(voters === 'b,c,d', 'liveness', `${name} takes ${voters} for the voters`)
  }
}

/** A quiet leader is removed: its silence is no patience any more. */
export function quietLeaderRemoved(): void {
  const all = ['a', 'b', 'c']
  const script = new EngineScript(all)
  for (const name of all) script.tellMembers(name, all, all)
  script.elect('a', ['b', 'c'])
  script.pass(all, 70_000)
  const { role } = script.engine('b').consensus
  check(role.kind === 'follower' && role.isQuiet, 'script', 'b does not follow a quiet leader')
  for (const name of ['b', 'c']) script.tellMembers(name, ['b', 'c'], ['b', 'c'])
  for (let i = 0; i < 4; i++) {
    script.tick('b', 2_000)
    script.settle(['b', 'c'])
  }
  check(isLeading(script.engine('b')), 'liveness', 'b waits for a quiet leader that was removed')
}

/** Machines that have got nothing yet are no voters: with them nothing could be committed. */
export function laggardStaysLearner(): void {
  const all = ['a', 'b', 'c']
  const script = new EngineScript(['a'], ['b', 'c'])
  for (const name of all) script.tellMembers(name, all, all)
  script.pass(['a'], 2_000)
  script.request('a', 1, claimOf(partyOf('s', 'a'), 'src/a.ts'))
  // What a sends them never arrives, and then c's part of it does not.
  script.pass(['a'], 10_000)
  script.drop()
  script.pass(['a', 'b'], 10_000)
  check(script.votersAt('a').join() === 'a', 'I6 caught up', `${script.votersAt('a').join()} vote`)
  script.drop()
  script.pass(all, 10_000)
  const voters = [...script.votersAt('a')].sort().join()
  check(voters === 'a,b,c', 'liveness', `${voters} vote, and all have everything`)
}

/** A ledger without work has a quiet leader; a machine that joins then gets a copy all the same. */
export function joinsQuietLedger(): void {
  const script = new EngineScript(['a'], ['b'])
  script.tellMembers('a', ['a'], ['a'])
  script.pass(['a'], 70_000)
  const { role } = script.engine('a').consensus
  check(role.kind === 'leader' && role.isQuiet, 'script', 'a is not quiet')
  script.tellMembers('b', ['a'], ['a', 'b'])
  script.tellMembers('a', ['a'], ['a', 'b'])
  script.pass(['a', 'b'], 5_000)
  const leader = script.engine('b').consensus.role
  check(
    leader.kind === 'follower' && leader.leader === 'a',
    'liveness',
    'b has a copy and does not know who leads',
  )
}
