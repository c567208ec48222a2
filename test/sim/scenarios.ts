// Directed schedules: each passes on the protocol as it is and ends in a violation where a mutant breaks it.
import { formatRequestId } from '../../protocol/index.ts'
import { claimOf, EngineScript, partyOf } from './engine-script.ts'
import {
  joinsQuietLedger,
  laggardStaysLearner,
  leaderRemoved,
  quietLeaderRemoved,
  removedGoesFirst,
} from './member-scenarios.ts'
import { Script } from './script.ts'
import { check } from './violation.ts'

/** Raft's figure 8: a record of an old term lies on a majority, and a later leader without it may still be elected. */
function figure8(): void {
  const script = new Script(['a', 'b', 'c', 'd', 'e'])
  script.elect('a', ['b', 'c'])
  script.sync('a')
  script.deliver(({ to, message }) => to === 'b' && message.kind === 'append')
  script.sync('b')
  script.drop()
  // e wins a later term with others that have seen nothing, and tells nobody.
  script.restart('a')
  script.elect('e', ['c', 'd'])
  script.elect('e', ['c', 'd'])
  script.sync('e')
  script.drop()
  // a is back and wins: its old record reaches c, its TermStart does not.
  script.elect('a', ['b', 'c'])
  script.elect('a', ['b', 'c'])
  script.elect('a', ['b', 'c'])
  check(script.isLeading('a'), 'script', 'a does not lead')
  script.sync('a')
  script.drop()
  script.gossip('b', 'c')
  script.sync('c')
  script.drop()
  script.tick('a', 600)
  script.deliver(({ from, message }) => from === 'a' && message.kind === 'append')
  script.deliver(({ to, message }) => to === 'a' && message.kind === 'append-response')
  script.restart('a')
  script.drop()
  // e's head is of a later term than that record: it may win.
  script.restart('e')
  for (let i = 0; i < 4 && !script.isLeading('e'); i++) script.elect('e', ['c', 'd'])
  check(script.isLeading('e'), 'script', 'e does not lead')
  script.settle(['c', 'd', 'e'])
  script.tick('e', 600)
  script.settle(['c', 'd', 'e'])
}

/** Voters changed by a leader whose term no majority knows, while an older change is on its way (raft-dev, 2015). */
function earlyConfig(): void {
  const script = new Script(['a', 'b', 'c', 'd'], ['e'])
  script.elect('a', ['b', 'c', 'd'])
  script.settle(['a', 'b', 'c', 'd'])
  script.tick('a', 600)
  script.settle(['a', 'b', 'c', 'd'])
  check(script.changeVoters('a', ['a', 'b', 'c', 'd', 'e']), 'script', 'a may not add e')
  script.sync('a')
  script.drop()
  script.gossip('a', 'e')
  script.sync('e')
  script.drop()
  script.elect('b', ['c', 'd'])
  check(script.isLeading('b'), 'script', 'b does not lead')
  script.sync('b')
  script.drop()
  script.changeVoters('b', ['b', 'c', 'd'])
  script.gossip('b', 'c')
  script.settle(['b', 'c'])
  script.tick('b', 600)
  script.settle(['b', 'c'])
  script.drop()
  script.restart('a')
  for (let i = 0; i < 4 && !script.isLeading('a'); i++) script.elect('a', ['d', 'e'])
  check(script.isLeading('a'), 'script', 'a does not lead again')
  script.settle(['a', 'd', 'e'])
  script.tick('a', 600)
  script.settle(['a', 'd', 'e'])
}

/** Two voters more at once: a majority of the old and one of the new need not meet. */
function twoVotersAtOnce(): void {
  const script = new Script(['a', 'b', 'c'], ['d', 'e'])
  script.elect('a', ['b', 'c'])
  script.settle(['a', 'b', 'c'])
  script.tick('a', 600)
  script.settle(['a', 'b', 'c'])
  script.changeVoters('a', ['a', 'b', 'c', 'd', 'e'])
  script.drop()
  script.gossip('a', 'd')
  script.gossip('a', 'e')
  script.settle(['a', 'd', 'e'])
  script.tick('a', 600)
  script.settle(['a', 'd', 'e'])
  script.drop()
  script.elect('b', ['c'])
  check(script.isLeading('b'), 'script', 'b does not lead')
  script.settle(['b', 'c'])
  script.tick('b', 600)
  script.settle(['b', 'c'])
}

/** A vote that arrives after its candidate has voted in a higher term. */
function lateVote(): void {
  const script = new Script(['a', 'b', 'c'])
  script.elect('a', [])
  script.restart('a')
  script.elect('b', [])
  script.elect('b', [])
  script.elect('a', [])
  // a asks in term 2; c's answer is held up.
  const asked = script.core('a').promise.term
  script.give('c', {
    kind: 'receive',
    from: script.core('a').self,
    message: { kind: 'vote', term: asked, head: { term: 0, index: 0 } },
  })
  script.sync('c')
  const late = script.mail.filter(({ from }) => from === 'c')
  script.drop()
  for (let i = 0; i < 3 && !script.isLeading('b'); i++) script.elect('b', ['a'])
  check(script.isLeading('b'), 'script', 'b does not lead')
  script.sync('b')
  script.drop()
  script.mail.push(...late)
  script.deliver()
  script.settle(['a', 'c'])
  script.tick('a', 600)
  script.settle(['a', 'c'])
  script.drop()
  script.tick('b', 600)
  script.settle(['b', 'c'])
  script.tick('b', 600)
  script.settle(['b', 'c'])
}

/** A voter's answer leaves, its process dies before the promise is durable, and it votes again. */
function unsavedVote(): void {
  const script = new Script(['a', 'b', 'c'])
  const first = script.stand('a')
  script.deliver(({ from, to }) => from === 'a' && to === 'c')
  script.deliver(({ to }) => to === 'a')
  script.restart('c')
  check(script.stand('b') === first, 'script', 'a and b stand for different terms')
  script.deliver(({ from, to }) => from === 'b' && to === 'c')
  script.sync('c')
  script.deliver(({ from, to }) => from === 'c' && to === 'b')
}

/** A long tail that nobody acknowledged against a short path that a majority committed. */
function longTail(): void {
  const script = new Script(['a', 'b', 'c'])
  script.elect('a', ['b', 'c'])
  script.settle(['a', 'b', 'c'])
  script.tick('a', 600)
  script.settle(['a', 'b', 'c'])
  for (const part of [1, 2, 3]) {
    script.propose('a', { kind: 'release', rid: null, ids: [], reason: 'idle', by: String(part) })
  }
  script.sync('a')
  script.drop()
  script.elect('b', ['c'])
  script.settle(['b', 'c'])
  script.tick('b', 600)
  script.settle(['b', 'c'])
  script.drop()
  for (let i = 0; i < 3; i++) {
    script.restart('a')
    script.elect('a', ['c'])
    script.sync('a')
  }
  script.settle(['a', 'c'])
  script.tick('a', 600)
  script.settle(['a', 'c'])
}

/** An answer to a round of an earlier term arrives in a later one. */
function staleRound(): void {
  const script = new Script(['a', 'b', 'c'])
  script.elect('a', ['b', 'c'])
  script.settle(['a', 'b', 'c'])
  for (let i = 0; i < 20; i++) {
    script.tick('a', 600)
    script.settle(['a', 'b'])
    script.drop()
  }
  script.tick('a', 600)
  script.deliver(({ to }) => to === 'b')
  const late = script.mail.filter(({ from, to }) => from === 'b' && to === 'a')
  script.drop()
  check(late.length > 0, 'script', 'b said nothing')
  script.elect('c', ['b'])
  script.settle(['b', 'c', 'a'])
  script.tick('c', 600)
  script.settle(['b', 'c', 'a'])
  script.elect('a', ['b', 'c'])
  script.settle(['a', 'b', 'c'])
  check(script.isLeading('a'), 'script', 'a does not lead again')
  script.mail.push(...late)
  script.deliver()
  script.drop()
  script.elect('c', ['b'])
  script.settle(['b', 'c'])
  script.drop()
  script.confirm('a', 1)
  check(
    script.barriers.every(({ by, ok }) => by !== 'a' || !ok),
    'real time',
    'a takes itself for the leader while c leads',
  )
}

/** Given up, and the process dies; then a late copy of the request arrives. */
function lateCopy(): void {
  const script = new EngineScript(['a'])
  script.tick('a')
  script.settle(['a'])
  const { self } = script.engine('a').options
  const rid = formatRequestId({ peer: self, incarnation: 1, sequence: 1 })
  script.give('a', { kind: 'abandon', rid })
  script.settle(['a'])
  script.restart('a')
  script.tick('a')
  script.settle(['a'])
  script.request('a', 1, claimOf(partyOf('s', 'a'), 'src/a.ts'))
  script.settle(['a'])
  check(
    script.engine('a').committed.state.claims.size === 0,
    'I9 abandoned',
    'a request was granted whose caller had been told that nothing was',
  )
}

/** A leader's answer rests on a record that only it has; it is deposed before it can tell. */
function bypassedGround(): void {
  const all = ['a', 'b', 'c']
  const script = new EngineScript(all)
  script.settle(all)
  script.stand('a')
  script.settle(all)
  script.tick('a', 600)
  script.settle(all)
  // A grant that nobody else gets, and a refusal because of it; the rounds arrive, the record does not.
  script.request('a', 1, claimOf(partyOf('s1', 'a'), 'src/a.ts'))
  const refused = script.request('a', 2, claimOf(partyOf('s2', 'a'), 'src/a.ts'))
  script.sync('a')
  script.drop(({ message }) => message.kind === 'append' && message.update.length > 0)
  script.deliver(({ message }) => message.kind === 'append')
  script.deliver(({ message }) => message.kind === 'append-response' && message.ack?.index === 1)
  script.drop()
  script.stand('b')
  script.settle(['b', 'c'])
  script.tick('b', 600)
  script.settle(['b', 'c'])
  script.drop()
  const b = script.engine('b').consensus
  const head = b.chain.head()
  check(b.role.kind === 'leader' && head !== null, 'script', 'b does not lead')
  script.give('a', {
    kind: 'receive',
    from: b.self,
    message: {
      kind: 'append',
      term: b.role.term,
      update: b.document.diff(script.engine('a').consensus.document.stateVector()),
      rotation: b.rotation,
      upto: head,
      commit: b.commit,
      round: 1,
      quiet: false,
    },
  })
  check(
    script.replies.every(({ rid }) => rid !== refused),
    'real time',
    'a refusal was told because of a grant that never was',
  )
}

export const scenarios = {
  removedGoesFirst,
  leaderRemoved,
  quietLeaderRemoved,
  laggardStaysLearner,
  joinsQuietLedger,
  lateCopy,
  bypassedGround,
  figure8,
  earlyConfig,
  twoVotersAtOnce,
  lateVote,
  unsavedVote,
  longTail,
  staleRound,
}
