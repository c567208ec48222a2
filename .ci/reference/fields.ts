// Tables of fields and types, out of JSON Schema.
import { z } from 'zod'
import { INPUTS, OUTPUTS } from '../../protocol/index.ts'
import { anchor, table } from './page.ts'

export interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly additionalProperties?: Schema | boolean
  readonly description?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
}

export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  return z.toJSONSchema(schema, { io }) as Schema
}

/** What every operation takes. */
export const COMMON = schemaOf(INPUTS.status, 'input')
const CLAIMS = schemaOf(OUTPUTS.claims, 'output')
const CLAIM_RESULT = schemaOf(OUTPUTS.claim, 'output')

/** Objects that several results hold: told once. */
export const OBJECTS: readonly (readonly [string, Schema | undefined])[] = [
  ['Claim', CLAIMS.properties?.['claims']?.items],
  ['Conflict', CLAIM_RESULT.properties?.['conflicts']?.items],
  ['Option', CLAIM_RESULT.properties?.['options']?.items],
  ['Ended', CLAIMS.properties?.['recent']?.items],
  ['AsOf', CLAIMS.properties?.['as_of']],
  ['Event', schemaOf(OUTPUTS.why, 'output').properties?.['events']?.items],
]

/** One row a field; the fields of nested objects follow theirs. */
export function fieldTable(schema: Schema, without: ReadonlySet<string>, isInput = true): string {
  const rows = rowsOf(schema, '', without, isInput)
  const heads = isInput ? ['field', 'type', 'needed', 'meaning'] : ['field', 'type', 'meaning']
  return table(heads, rows)
}

function rowsOf(
  schema: Schema,
  prefix: string,
  without: ReadonlySet<string>,
  isInput: boolean,
): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (prefix === '' && without.has(name)) return []
    const key = `${prefix}${name}`
    const isNeeded = schema.required?.includes(name) === true
    const needed = isInput ? [isNeeded ? 'yes' : ''] : []
    const row = [`\`${key}\``, typeOf(field), ...needed, field.description ?? '']
    if (objectName(field) !== null || objectName(field.items) !== null) return [row]
    const inner = field.items ?? field
    const into = field.items === undefined ? `${key}.` : `${key}[].`
    return [row, ...rowsOf(inner, into, new Set(), isInput)]
  })
}

function objectName(schema: Schema | undefined): string | null {
  if (schema === undefined) return null
  const text = JSON.stringify({ ...schema, description: undefined })
  const found = OBJECTS.find(
    ([, known]) =>
      known !== schema && JSON.stringify({ ...known, description: undefined }) === text,
  )
  return found?.[0] ?? null
}

export function typeOf(schema: Schema): string {
  const named = objectName(schema)
  if (named !== null) return `[${named}](#${anchor(`${named} object`)})`
  if (schema.enum !== undefined)
    return schema.enum.map((each) => `\`${String(each)}\``).join(' or ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ')
  if (schema.items !== undefined) {
    const count = bounds(schema.minItems, schema.maxItems, '')
    return `list of ${typeOf(schema.items)}${count === '' ? '' : `, ${count}`}`
  }
  if (schema.type === 'string') {
    const length = bounds(schema.minLength, schema.maxLength, ' characters')
    return `text${length === '' ? '' : `, ${length}`}`
  }
  if (schema.type === 'integer' || schema.type === 'number') {
    const least = schema.minimum ?? schema.exclusiveMinimum
    const isPlain = (limit: number | undefined): number | undefined =>
      limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? undefined : limit
    const range = bounds(isPlain(least), isPlain(schema.maximum), '')
    const above =
      schema.exclusiveMinimum === undefined ? range : `above ${range.replace('from ', '')}`
    return `${schema.type}${range === '' ? '' : `, ${above}`}`
  }
  if (typeof schema.additionalProperties === 'object') return 'object by name'
  return typeof schema.type === 'string' ? schema.type : 'any'
}

function bounds(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined && most === undefined) return ''
  if (least === undefined) return `at most ${String(most)}${unit}`
  return most === undefined
    ? `from ${String(least)}${unit}`
    : `${String(least)} to ${String(most)}${unit}`
}
