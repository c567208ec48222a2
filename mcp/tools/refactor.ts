// The tool on a symbol with all its uses.
import { z } from 'zod'
import { OUTPUTS } from '../../protocol/index.ts'
import { renderRefactor } from '../render.ts'
import { defineTool, type Tool } from '../tool.ts'
import {
  ENGINEER,
  hours,
  identity,
  name,
  pattern,
  text,
  urgency,
  waitSeconds,
  WRITE,
} from './arguments.ts'

export const REFACTOR_TOOL: Tool = defineTool({
  name: 'claim_refactor',
  operation: 'refactor',
  description:
    'Claim a declaration with every declaration that uses it, all or none: before a rename or a change of its signature. Answers as claim_files.',
  annotations: WRITE,
  args: z.strictObject({
    file: pattern,
    symbol: pattern.describe('Class::method'),
    new_name: name.optional(),
    dry_run: z.boolean().optional(),
    description: text.optional(),
    branch: name.optional(),
    ttl_hours: hours.optional(),
    wait_seconds: waitSeconds.optional(),
    urgency: urgency.optional(),
    ...identity,
  }),
  aliases: { ...ENGINEER, to: 'new_name' },
  result: OUTPUTS.refactor,
  toInput: ({ new_name, ttl_hours, wait_seconds, ...rest }) => ({
    ...rest,
    to: new_name,
    ttl_s: ttl_hours === undefined ? undefined : Math.max(1, Math.round(ttl_hours * 3600)),
    wait_s: wait_seconds,
  }),
  render: renderRefactor,
})
