// Inputs that are almost right: true ones, changed at random in their bytes, their structure and their words.
import type { Prng } from '../sim/prng.ts'

const WORDS = [
  '',
  ' ',
  '\0',
  '../../etc/passwd',
  '**/*',
  '!x',
  '{a,b}{c,d}{e,f}{g,h}{i,j}{k,l}{m,n}',
  '[',
  '[z-a]',
  '\\',
  'a'.repeat(2_000),
  'ü'.repeat(300),
  '\u202e\u2066x',
  '\ud800',
  '%00%2f%',
  '__proto__',
  'constructor',
  'null',
  '-1',
  '1e309',
  'clm_00000000000000000000000000',
  'evt_00000000000000000000000000',
  'que_',
  '{{{{{{{{',
  '$(touch pwned)',
  '\r\nx-evil: 1',
  '😀'.repeat(60),
] as const

const NUMBERS = [0, -0, -1, 1, 2 ** 31, 2 ** 53, 1e308, 0.1, -1e-9] as const

/** A JSON value in which something is not as it should be. */
export function mutateValue(prng: Prng, value: unknown, depth = 0): unknown {
  if (prng.int(6) === 0) return anyValue(prng, depth)
  if (Array.isArray(value)) return mutateList(prng, value, depth)
  if (typeof value !== 'object' || value === null)
    return prng.int(3) === 0 ? anyValue(prng, depth) : value
  const entries = Object.entries(value)
  const kept = entries
    .filter(() => prng.int(12) !== 0)
    .map(([key, field]): [string, unknown] => [
      prng.int(20) === 0 ? prng.pick(WORDS) : key,
      prng.int(2) === 0 ? mutateValue(prng, field, depth + 1) : field,
    ])
  if (prng.int(8) === 0) kept.push([prng.pick(WORDS), anyValue(prng, depth)])
  return Object.fromEntries(kept)
}

function mutateList(prng: Prng, list: readonly unknown[], depth: number): unknown[] {
  const changed = list.map((item) =>
    prng.int(2) === 0 ? mutateValue(prng, item, depth + 1) : item,
  )
  if (prng.int(10) === 0) return Array.from({ length: prng.int(400) }, () => changed[0])
  return prng.int(6) === 0 ? changed.slice(1) : changed
}

function anyValue(prng: Prng, depth: number): unknown {
  const most = depth > 4 ? 4 : 7
  switch (prng.int(most)) {
    case 0:
      return prng.pick<unknown>(WORDS)
    case 1:
      return prng.pick<unknown>(NUMBERS)
    case 2:
      return prng.pick<unknown>([true, false, null])
    case 3:
      return prng.pick(WORDS) + prng.pick(WORDS)
    case 4:
      return Array.from({ length: prng.int(5) }, () => anyValue(prng, depth + 1))
    case 5:
      return { [prng.pick(WORDS)]: anyValue(prng, depth + 1) }
    default:
      return nested(prng.int(2_000))
  }
}

/** As deep as a stack may not be. */
function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

/** Bytes changed, cut, doubled or put in. */
export function mutateBytes(prng: Prng, text: string): Buffer {
  let bytes = Buffer.from(text)
  for (let round = prng.int(4); round >= 0; round--) {
    const at = prng.int(bytes.length + 1)
    const end = Math.min(bytes.length, at + prng.int(20))
    switch (prng.int(5)) {
      case 0:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from([prng.int(256)]),
          bytes.subarray(at),
        ])
        break
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
        break
      case 2:
        bytes = Buffer.concat([bytes, bytes.subarray(at, end)])
        break
      case 3:
        bytes = bytes.subarray(0, at)
        break
      default:
        if (at < bytes.length) bytes[at] = prng.int(256)
    }
  }
  return bytes
}
