// A caller's mistake under its own name: the SDK answers a request whose parameters do not fit its schema as a failure of the
// server, with the schema library's report for a message.
import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { clip, cleanText } from './text.ts'

/** JSON-RPC 2.0, section 5.1. */
const INVALID_PARAMS = -32_602
const INTERNAL = -32_603
const MESSAGE_MAX = 300

const REPORT = z.array(
  z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() }),
)

export function blameCaller(message: JSONRPCMessage): JSONRPCMessage {
  if (!('error' in message) || message.error.code !== INTERNAL) return message
  const issues = readReport(message.error.message)
  if (issues === null) return message
  const told = issues.map(({ path, message: what }) => `${path.join('.')}: ${what}`).join('; ')
  const text = clip(cleanText(`Wrong parameters: ${told}`), MESSAGE_MAX)
  return { ...message, error: { code: INVALID_PARAMS, message: text } }
}

function readReport(text: string): z.infer<typeof REPORT> | null {
  if (!text.startsWith('[')) return null
  try {
    const report = REPORT.safeParse(JSON.parse(text))
    return report.success ? report.data : null
  } catch {
    return null
  }
}
