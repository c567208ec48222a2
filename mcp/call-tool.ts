// One call of a tool, from its arguments to its result: signs of life while it waits, and a question to a person where one can
// help. In the 2025 era the call waits for the answer; since 2026 it ends with the question, and comes again with the answer and
// with what we sealed for that round.
import { createHash } from 'node:crypto'
import {
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  inputResponse,
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type InputRequiredResult,
  type ServerContext,
} from '@modelcontextprotocol/server'
import {
  ERROR_CATALOGUE,
  SkeinError,
  type ErrorCode,
  type OperationName,
} from '../protocol/index.ts'
import {
  isWorker,
  operationsOf,
  sessionOf,
  signalOf,
  type CallOperation,
  type Client,
  type Era,
} from './client.ts'
import { asSkeinError, ERROR_META, renderFailure } from './failure.ts'
import { reportProgress, tellWait } from './progress.ts'
import {
  answerOf,
  formOf,
  questionOf,
  tellDecision,
  type Answer,
  type Question,
} from './questions.ts'
import type { Tool } from './tool.ts'

/** Who is asked: a client of this era that shows forms to a person, or nobody. */
export interface Asker {
  readonly era: Era
  /** What a client of the 2025 era said of itself when it connected. */
  readonly capabilities: () => unknown
}

/** Together with the 25 seconds that the daemon waits at most, below what harnesses allow a call that shows progress. */
const ASK_MS = 55_000
/** Questions in one call: who tries again and again is better off with an answer. */
const ROUNDS_MAX = 3

/** One round of a call that asked, as the client carries it. Signed, not secret. */
interface Sealed {
  readonly round: number
  /** Of the tool and its arguments: an answer belongs to its question only. */
  readonly digest: string
  readonly question: Question
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string }
}

export async function callTool(
  client: Client,
  asker: Asker,
  tool: Tool,
  given: unknown,
  context: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const calls = watched(operationsOf(client, context))
  const stopProgress = reportProgress(context.mcpReq, calls.tell, client.options.progressMs)
  try {
    const leave = client.gate.enter()
    try {
      return await new Rounds(client, asker, tool, given, context, calls.call).run()
    } finally {
      leave()
    }
  } catch (thrown) {
    if (thrown instanceof ProtocolError) throw thrown
    return fail(client, context, thrown)
  } finally {
    stopProgress()
  }
}

function fail(client: Client, { mcpReq }: ServerContext, thrown: unknown): CallToolResult {
  const error = asSkeinError(thrown)
  if (error.code === 'INTERNAL' && !mcpReq.signal.aborted) client.options.onError?.(error)
  return renderFailure(error)
}

/** Remembers what is under way, so that it can be told whom it waits for. */
function watched(call: CallOperation): { call: CallOperation; tell: () => Promise<string> } {
  let current: { readonly name: OperationName; readonly input: object } | null = null
  return {
    call(name, input) {
      current = { name, input }
      return call(name, input)
    },
    tell: () =>
      current === null
        ? Promise.resolve('waiting')
        : tellWait(call, current.name, { ...current.input }),
  }
}

class Rounds {
  readonly #client: Client
  readonly #asker: Asker
  readonly #tool: Tool
  readonly #given: unknown
  readonly #context: ServerContext
  readonly #call: CallOperation
  /** Chosen in this call; a connection remembers it beyond. */
  #repo: string | null = null
  #askedSince: number | null = null

  constructor(
    client: Client,
    asker: Asker,
    tool: Tool,
    given: unknown,
    context: ServerContext,
    call: CallOperation,
  ) {
    this.#client = client
    this.#asker = asker
    this.#tool = tool
    this.#given = given
    this.#context = context
    this.#call = call
  }

  async run(): Promise<CallToolResult | InputRequiredResult> {
    let round = 0
    const before = this.#unseal()
    if (before !== null) {
      const { code, message, hint } = before.error
      const error = new SkeinError(code, message, { hint })
      const response = inputResponse(this.#context.mcpReq.inputResponses, ANSWER)
      const ended = this.#apply(answerOf(before.question, response), error)
      if (ended !== null) return ended
      round = before.round
    }
    for (;;) {
      try {
        const own = isWorker(this.#client, this.#context) ? undefined : sessionOf(this.#context)
        return await this.#tool.run(this.#given, own, this.#inRepo)
      } catch (thrown) {
        const error = asSkeinError(thrown)
        round += 1
        const question =
          round > ROUNDS_MAX ? null : questionOf(error, this.#tool.name, this.#tool.operation)
        if (question === null || !this.#canAsk()) return fail(this.#client, this.#context, error)
        if (this.#asker.era === 'modern') return await this.#seal({ round, question }, error)
        const ended = this.#apply(await this.#ask(question), error)
        if (ended !== null) return ended
      }
    }
  }

  readonly #inRepo: CallOperation = (name, input) =>
    this.#call(name, this.#repo === null ? input : { repo: this.#repo, ...input })

  /** Null when the call goes on. */
  #apply(answer: Answer | null, error: SkeinError): CallToolResult | null {
    switch (answer?.kind) {
      case undefined:
        return renderFailure(error)
      case 'again':
        return null
      case 'repo':
        this.#repo = answer.repo
        if (this.#client.memory !== null) this.#client.memory.repo = answer.repo
        return null
      case 'without':
      case 'stop': {
        const text = tellDecision(answer.kind, error)
        const failure = { ...renderFailure(error), content: [{ type: 'text' as const, text }] }
        return { ...failure, _meta: { ...failure._meta, [`${ERROR_META}-decision`]: answer.kind } }
      }
    }
  }

  #canAsk(): boolean {
    const { envelope } = this.#context.mcpReq
    const declared =
      this.#asker.era === 'modern'
        ? fieldOf(envelope, CLIENT_CAPABILITIES_META_KEY)
        : this.#asker.capabilities()
    const elicitation = fieldOf(declared, 'elicitation')
    if (typeof elicitation !== 'object' || elicitation === null) return false
    // Before there were modes, forms were all there was.
    return 'form' in elicitation || Object.keys(elicitation).length === 0
  }

  /** Null for a person that declines or is not there in time, and when the call is cancelled. */
  async #ask(question: Question): Promise<Answer | null> {
    this.#askedSince ??= performance.now()
    const timeout = (this.#client.options.askMs ?? ASK_MS) - (performance.now() - this.#askedSince)
    if (timeout <= 0) return null
    try {
      const response = await this.#context.mcpReq.send(
        { method: 'elicitation/create', params: { ...formOf(question) } },
        { timeout, signal: signalOf(this.#context) },
      )
      return answerOf(question, inputResponse({ [ANSWER]: response }, ANSWER))
    } catch {
      // The person is not there, or the client could not ask: the failure itself is the answer.
      return null
    }
  }

  async #seal(
    { round, question }: Pick<Sealed, 'round' | 'question'>,
    { code, message, hint }: SkeinError,
  ): Promise<InputRequiredResult> {
    const sealed: Sealed = {
      round,
      question,
      digest: this.#digest(),
      error: { code, message, hint },
    }
    const asked = inputRequired.elicit({ mode: 'form', ...formOf(question) })
    const requestState = await this.#client.seal.mint(sealed, this.#context)
    return inputRequired({ inputRequests: { [ANSWER]: asked }, requestState })
  }

  /** What the last round left behind; the seam has proved that it is ours, in time and this caller's. */
  #unseal(): Sealed | null {
    const sealed = this.#context.mcpReq.requestState<Sealed | undefined>()
    if (sealed === undefined) return null
    if (sealed.digest === this.#digest() && Object.hasOwn(ERROR_CATALOGUE, sealed.error.code))
      return sealed
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      'The requestState belongs to another call: repeat the call with the same arguments.',
    )
  }

  #digest(): string {
    const what = JSON.stringify([this.#tool.name, this.#given ?? {}])
    return createHash('sha256').update(what).digest('base64url')
  }
}

const ANSWER = 'answer'

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
