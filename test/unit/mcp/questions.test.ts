import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { SkeinError } from '../../../protocol/index.ts'
import { WAYS, type CallResult, type Person, type Question } from './doors.ts'
import { defer, granted, listenCall, REPO, RESULTS, sampleClaim, type Call } from './twins.ts'

const REPOS = [REPO, 'team/other']

/** As a daemon with two repositories answers who names none. */
function needsRepo({ name, input, context }: Call): unknown {
  const { repo } = input as { repo?: string }
  if (repo === undefined && context.caller.repo === undefined)
    throw new SkeinError('REPO_UNKNOWN', 'which one?', { data: { enrolled: REPOS } })
  return RESULTS[name]
}

function noQuorum(): never {
  throw new SkeinError('NO_QUORUM', 'Nobody answers.')
}

const CLAIM = { name: 'claim_files', arguments: { patterns: ['a'], session: 's-1' } }
const CHECK = { name: 'check_conflicts', arguments: { patterns: ['a'] } }

const textOf = ({ content }: CallResult): string => content?.[0]?.text ?? ''

for (const way of WAYS) {
  describe(`a question by ${way.name}`, () => {
    it('asks a person which repository is meant, and goes on', async (t) => {
      const { operations, connect, errors } = await way.open(t)
      const asked: Question[] = []
      const client = await connect((question) => {
        asked.push(question)
        return { action: 'accept', content: { repo: 'team/other' } }
      })
      operations.answer = needsRepo
      const result = await client.callTool(CHECK)
      assert.notEqual(result.isError, true)
      assert.equal((operations.last.input as { repo: string }).repo, 'team/other')
      assert.match(asked[0]?.message ?? '', /Which repository does check_conflicts mean/)
      assert.deepEqual(
        Reflect.get(asked[0]?.requestedSchema.properties['repo'] as object, 'enum'),
        REPOS,
      )
      await client.callTool(CHECK)
      // A connection remembers; without one each call is a call of its own.
      const isOneByOne = way.door === 'http' && way.era === '2026'
      assert.equal(asked.length, isOneByOne ? 2 : 1)
      if (!isOneByOne) assert.equal(operations.last.context.caller.repo, 'team/other')
      assert.deepEqual(errors, [])
    })

    it('has a person decide when nothing can be claimed, and tells the decision', async (t) => {
      const { operations, connect, errors } = await way.open(t)
      let decision = 'go on without a claim'
      const person: Person = () => ({ action: 'accept', content: { decision } })
      const client = await connect(person)
      operations.answer = noQuorum
      const without = await client.callTool(CLAIM)
      assert.equal(without.isError, true)
      assert.match(textOf(without), /NOT CLAIMED: Nobody answers.*\n.*go on without a claim/)
      assert.doesNotMatch(textOf(without), /GRANTED/)
      decision = 'stop'
      assert.match(textOf(await client.callTool(CLAIM)), /A person decided: stop/)

      decision = 'try again'
      let tries = 0
      operations.answer = () => (++tries < 3 ? noQuorum() : granted(sampleClaim()))
      const again = await client.callTool(CLAIM)
      assert.match(textOf(again), /^GRANTED/)
      assert.equal(tries, 3)

      operations.answer = noQuorum
      const endless = await client.callTool(CLAIM)
      assert.match(textOf(endless), /NO_QUORUM, exit 2/)
      assert.deepEqual(errors, [])
    })

    it('leaves the failure as it is when the person declines or answers something else', async (t) => {
      const { operations, connect } = await way.open(t)
      const replies: readonly ReturnType<Person>[] = [
        { action: 'decline' },
        { action: 'cancel' },
        { action: 'accept', content: { decision: 'nonsense' } },
        { action: 'accept', content: {} },
      ]
      let at = 0
      const client = await connect(() => replies[at++] ?? { action: 'cancel' })
      operations.answer = noQuorum
      for (let i = 0; i < replies.length; i++) {
        const result = await client.callTool(CLAIM)
        assert.match(textOf(result), /Nobody answers\.\nNO_QUORUM, exit 2/)
        assert.equal(Reflect.get(result._meta?.['skein/error'] as object, 'code'), 'NO_QUORUM')
      }
      assert.equal(at, replies.length)
    })

    it('is not put to clients that cannot ask, nor about what no person decides', async (t) => {
      const { operations, connect } = await way.open(t)
      operations.answer = noQuorum
      const mute = await connect()
      assert.match(textOf(await mute.callTool(CLAIM)), /NO_QUORUM, exit 2/)
      const client = await connect(() => assert.fail('asked'))
      const result = await client.callTool({ name: 'renew_claims', arguments: { session: 's-1' } })
      assert.match(textOf(result), /NO_QUORUM, exit 2/)
      operations.answer = () => {
        throw new SkeinError('REPO_UNKNOWN', 'none', { data: { enrolled: [] } })
      }
      assert.match(textOf(await client.callTool(CHECK)), /REPO_UNKNOWN/)
    })

    if (way.era === '2025') {
      it('waits for a person only so long, and no longer than its call', async (t) => {
        const { operations, connect } = await way.open(t, { askMs: 30 })
        const never = new Promise<never>(() => undefined)
        operations.answer = noQuorum
        const client = await connect(() => never)
        assert.match(textOf(await client.callTool(CLAIM)), /NO_QUORUM, exit 2/)

        const patient = await way.open(t)
        patient.operations.answer = noQuorum
        const asked = defer<undefined>()
        const other = await patient.connect(() => {
          asked.resolve(undefined)
          return never
        })
        const cancel = new AbortController()
        const call = assert.rejects(other.callTool(CLAIM, { signal: cancel.signal }))
        await asked.promise
        cancel.abort()
        await call
      })
    }

    it('says while it waits for whom', async (t) => {
      const { operations, connect } = await way.open(t, { progressMs: 10 })
      const client = await connect()
      const heard = defer<string>()
      operations.answer = async ({ name }) => {
        if (name === 'claim') await heard.promise
        return RESULTS[name]
      }
      await client.callTool(
        { name: 'claim_files', arguments: { patterns: ['a'], wait_seconds: 9, session: 's-1' } },
        {
          onprogress: ({ message = '' }) => {
            if (message !== 'waiting') heard.resolve(message)
          },
        },
      )
      assert.equal(await heard.promise, 'waiting at place 2, behind agent "carol"')
    })

    it('is over when its client has gone', async (t) => {
      const { operations, connect } = await way.open(t)
      const client = await connect()
      const call = listenCall(operations)
      const told = assert.rejects(client.callTool(CLAIM))
      const { signal } = (await call).context
      const aborted = once(signal, 'abort')
      await client.close()
      await Promise.all([aborted, told])
    })
  })
}
