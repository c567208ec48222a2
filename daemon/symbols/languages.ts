// Which language a file is in, by its name alone.
import path from 'node:path'
import { c } from './languages/c.ts'
import { cpp } from './languages/cpp.ts'
import { csharp } from './languages/csharp.ts'
import { go } from './languages/go.ts'
import { java } from './languages/java.ts'
import { javascript } from './languages/javascript.ts'
import { kotlin } from './languages/kotlin.ts'
import type { Language } from './languages/language.ts'
import { php } from './languages/php.ts'
import { python } from './languages/python.ts'
import { ruby } from './languages/ruby.ts'
import { rust } from './languages/rust.ts'
import { scala } from './languages/scala.ts'
import { swift } from './languages/swift.ts'
import { tsx, typescript } from './languages/typescript.ts'

export const LANGUAGES: readonly Language[] = [
  typescript,
  tsx,
  javascript,
  python,
  go,
  rust,
  java,
  c,
  cpp,
  csharp,
  ruby,
  php,
  kotlin,
  scala,
  swift,
]

/** The language by extension or whole name, without regard to case; null when none is known. */
export function languageOf(file: string): Language | null {
  const base = path.basename(file).toLowerCase()
  return BY_FILE.get(base) ?? BY_EXTENSION.get(path.extname(base)) ?? null
}

export function languageById(id: string): Language | null {
  return BY_ID.get(id) ?? null
}

/** Can a name of the one file be meant in the other? `unknown`: the other's language is not known. */
export function kinshipOf(file: string, other: string): 'same' | 'other' | 'unknown' {
  const theirs = languageOf(other)
  if (theirs === null) return 'unknown'
  const own = languageOf(file)
  return own !== null && familyOf(own) === familyOf(theirs) ? 'same' : 'other'
}

function familyOf({ id }: Language): string {
  return FAMILIES.find((family) => family.includes(id))?.[0] ?? id
}

/** Languages that are compiled together and use each other's declarations. */
const FAMILIES: readonly (readonly string[])[] = [
  [typescript.id, tsx.id, javascript.id],
  [c.id, cpp.id],
  [java.id, kotlin.id, scala.id],
]

const BY_ID = new Map(LANGUAGES.map((language) => [language.id, language]))
const BY_EXTENSION = new Map(
  LANGUAGES.flatMap((language) => language.extensions.map((name) => [name, language] as const)),
)
const BY_FILE = new Map(
  LANGUAGES.flatMap((language) => (language.files ?? []).map((name) => [name, language] as const)),
)
